//! The one port for clients: WebSocket and HTTP, with TLS where a certificate is configured.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use http::{
    StatusCode,
    header::{HOST, ORIGIN},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    gateway::Gateway,
    http1,
    node::Node,
    ws::{Accepted, Acceptor, HeadRules, Refusal, Transport, Upgrade, read_head},
};

/// What the first request's head may look like.
const RULES: HeadRules = HeadRules {
    path: "/v1/ws",
    max_bytes: 16 * 1024,
    deadline: Duration::from_secs(10),
};
/// How long a TLS handshake may take.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts connections until the server stops.
pub(crate) struct Listener {
    pub(crate) node: Arc<Node>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Listener {
    /// Accepts connections until the server stops; survives a lack of file descriptors.
    pub(crate) async fn run(self: Arc<Self>, socket: TcpListener) {
        let mut acceptor = Acceptor::new(socket);
        loop {
            let (stream, peer) = tokio::select! {
                accepted = acceptor.accept() => accepted,
                () = self.stop.cancelled() => return,
            };
            let listener = Arc::clone(&self);
            self.tasks
                .spawn(async move { listener.connection(stream, peer).await });
        }
    }

    async fn connection(&self, stream: TcpStream, peer: SocketAddr) {
        // Small answers must not wait for more to send.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.serve(stream, peer).await;
        };
        match tokio::time::timeout(TLS_TIMEOUT, tls.accept(stream)).await {
            Ok(Ok(stream)) => Box::pin(self.serve(stream, peer)).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake didn't end in time"),
        }
    }

    async fn serve<S>(&self, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static,
    {
        let head = tokio::select! {
            head = read_head(stream, &RULES) => head,
            () = self.stop.cancelled() => return,
        };
        match head {
            Ok(Accepted::Plain(stream)) => {
                Box::pin(http1::serve(
                    stream,
                    peer.ip(),
                    self.router.clone(),
                    self.stop.clone(),
                ))
                .await;
            }
            Ok(Accepted::Upgrade(upgrade)) => self.upgrade(upgrade).await,
            Err(error) => tracing::debug!(%error, "a connection said nothing"),
        }
    }

    async fn upgrade<S>(&self, upgrade: Upgrade<S>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static,
    {
        let headers = upgrade.request.headers();
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &http::HeaderValue| value.to_str().ok())
        };
        let origin = headers
            .contains_key(ORIGIN)
            .then(|| text(ORIGIN).unwrap_or_default());
        let host = text(HOST);
        if origin.is_some_and(|origin| !self.node.origins().allows(origin, host)) {
            let refusal = Refusal::new(
                StatusCode::FORBIDDEN,
                "pages of this origin may not connect",
            );
            let _ = upgrade.refuse(&refusal).await;
            return;
        }
        self.gateway.serve(upgrade).await;
    }
}
