//! `/sync`.

use chinwag_proto::http::{SyncAnswer, SyncRequest};
use http::Method;

use super::{answer::Answer, route::Route};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            Method::POST,
            "/v1/sync",
            "sync",
            "Tells what changed since a token.",
        )
        .body::<SyncRequest>()
        .answers::<SyncAnswer>(200)
        .run(|api, call| async move {
            Answer::ok(&api.reads.sync(&call.caller()?, call.body()?).await?)
        }),
    ]
}
