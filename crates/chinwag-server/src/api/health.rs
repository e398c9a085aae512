//! Whether the server is there and ready, and the documents that describe it.

use http::{Method, StatusCode};

use super::{
    answer::Answer,
    asyncapi, openapi,
    route::{Route, Who},
};
use crate::health::Report;

/// Whether the server is there and ready: what an orchestrator asks.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/healthz",
            "getHealth",
            "Answers as long as the process lives.",
        )
        .who(Who::Anyone)
        .answers::<Report>(200)
        .run(|api, _| async move { Answer::ok(&api.health.alive()) }),
        Route::new(
            Method::GET,
            "/readyz",
            "getReadiness",
            "Tells whether clients are served, and what is degraded.",
        )
        .who(Who::Anyone)
        .answers::<Report>(200)
        .answers::<Report>(503)
        .run(|api, _| async move {
            let report = api.health.report().await;
            let status = if report.serves() {
                StatusCode::OK
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            Answer::json(status, &report)
        }),
    ]
}

/// The documents that describe the server.
pub(super) fn documents() -> Vec<Route> {
    vec![
        Route::new(
            Method::GET,
            "/openapi.json",
            "getOpenApi",
            "Describes the HTTP API.",
        )
        .who(Who::Anyone)
        .answers::<serde_json::Value>(200)
        .run(|_, _| async move { Ok(Answer::document(openapi::bytes())) }),
        Route::new(
            Method::GET,
            "/asyncapi.json",
            "getAsyncApi",
            "Describes the WebSocket.",
        )
        .who(Who::Anyone)
        .answers::<serde_json::Value>(200)
        .run(|_, _| async move { Ok(Answer::document(asyncapi::bytes())) }),
    ]
}
