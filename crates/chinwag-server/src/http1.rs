//! Serves one HTTP/1 connection with a router.

use std::time::Duration;

use axum::{Router, body::Body};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

/// How long a client may take to send a request's head, the wait for the next request included.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// No head of ours is near this.
const HEAD_BYTES: usize = 16 * 1024;

/// Serves a connection until it ends; once `stop` says so, after the request that runs.
///
/// `prepare` sees each request first, and may answer it in the router's place.
pub(crate) async fn serve<S, F>(stream: S, router: Router, prepare: F, stop: CancellationToken)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    F: Fn(Request<Incoming>) -> Result<Request<Incoming>, Response<Body>>,
{
    let inner = TowerToHyperService::new(router);
    let service = service_fn(move |request: Request<Incoming>| {
        let answering =
            prepare(request).map(|request| hyper::service::Service::call(&inner, request));
        async move {
            match answering {
                Ok(answer) => answer.await,
                Err(answer) => Ok(answer),
            }
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "an HTTP connection broke off");
    }
}
