//! `/metrics`, and how the server is, on an address of their own: what a node has that serves no clients, too.

use std::sync::Arc;

use axum::{Router, routing::get};
use http::header;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::node::Node;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Serves the page, `/healthz` and `/readyz` until the server stops.
pub async fn serve_page(listener: TcpListener, node: Arc<Node>, stop: CancellationToken) {
    let health = node.health_router();
    let page = move || {
        let node = Arc::clone(&node);
        async move {
            node.measure().await;
            (
                [(header::CONTENT_TYPE, CONTENT_TYPE)],
                node.metrics().text(),
            )
        }
    };
    let router = Router::new().route("/metrics", get(page)).merge(health);
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    if let Err(error) = served.await {
        tracing::error!(%error, "metrics are no longer served");
    }
}
