//! An HTTP server, 1.1 and 2 on one port without TLS, for as long as it is held.

use std::{convert::Infallible, net::SocketAddr, sync::Arc};

use http::{Request, Response, StatusCode, request::Parts};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use tokio::{
    net::TcpListener,
    task::{AbortHandle, JoinSet},
};

/// A request with its body read.
pub(super) struct Asked {
    pub(super) head: Parts,
    pub(super) body: Bytes,
}

impl Asked {
    /// Returns a header's text.
    pub(super) fn header(&self, name: &str) -> &str {
        let value = self.head.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Reads the body as JSON.
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

pub(super) type Answered = Response<Full<Bytes>>;

/// Makes an answer.
pub(super) fn answered(status: u16, body: impl Into<Bytes>) -> Answered {
    let status = StatusCode::from_u16(status).expect("a status");
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer
}

/// Makes an answer that asks to wait, unless that is 0.
pub(super) fn wait_answered(status: u16, wait_ms: u64, body: impl Into<Bytes>) -> Answered {
    let mut answer = answered(status, body);
    if wait_ms > 0 {
        let seconds = wait_ms.div_ceil(1_000).into();
        answer.headers_mut().insert("retry-after", seconds);
    }
    answer
}

/// A server; stops when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) address: SocketAddr,
    accepting: AbortHandle,
}

impl Server {
    /// Listens on a free port.
    pub(super) async fn start<F, R>(answer: F) -> Self
    where
        F: Fn(Asked) -> R + Send + Sync + 'static,
        R: Future<Output = Answered> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let accepting = tokio::spawn(accept(listener, Arc::new(answer)));
        Self {
            address,
            accepting: accepting.abort_handle(),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept<F, R>(listener: TcpListener, answer: Arc<F>)
where
    F: Fn(Asked) -> R + Send + Sync + 'static,
    R: Future<Output = Answered> + Send + 'static,
{
    // Dropped with this task, and with it every connection.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let answer = Arc::clone(&answer);
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = Arc::clone(&answer);
                async move {
                    let (head, body) = request.into_parts();
                    let Ok(body) = body.collect().await else {
                        return Ok(answered(400, "cut short"));
                    };
                    let body = body.to_bytes();
                    Ok::<_, Infallible>(answer(Asked { head, body }).await)
                }
            });
            let connection = auto::Builder::new(TokioExecutor::new());
            let _ = connection
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}
