//! The one port for clients: WebSocket and HTTP, with TLS where a certificate is configured.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use chinwag_proto::ErrorCode;
use http::{
    HeaderValue, Method, StatusCode,
    header::{CONTENT_TYPE, HOST, ORIGIN, SEC_WEBSOCKET_VERSION, UPGRADE},
};
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    api::Peer,
    gateway::Gateway,
    http1,
    node::Node,
    ws::{
        Accepted, Acceptor, Agreed, HeadRules, Prefixed, Refusal, Transport, Upgrade, evaluate,
        read_head, spread,
    },
};

/// What the first request's head may look like.
const RULES: HeadRules = HeadRules {
    path: "/v1/ws",
    max_bytes: 16 * 1024,
    deadline: Duration::from_secs(10),
};
/// How long a TLS handshake may take; by chance up to half of it longer.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepts connections until the server stops.
pub(crate) struct Listener {
    pub(crate) node: Arc<Node>,
    /// None where this node holds no WebSockets.
    pub(crate) gateway: Option<Arc<Gateway>>,
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

    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        // Small answers must not wait for more to send.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.serve(stream, peer).await;
        };
        match tokio::time::timeout(spread(TLS_TIMEOUT), tls.accept(stream)).await {
            Ok(Ok(stream)) => Box::pin(self.serve(stream, peer)).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => tracing::debug!("a TLS handshake didn't end in time"),
        }
    }

    pub(crate) async fn serve<S: Stream>(self: Arc<Self>, stream: S, peer: SocketAddr) {
        let head = tokio::select! {
            head = read_head(stream, &RULES) => head,
            () = self.stop.cancelled() => return,
        };
        match head {
            Ok(Accepted::Plain(stream)) => {
                let (router, stop) = (self.router.clone(), self.stop.clone());
                let prepare = move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(Peer(peer.ip()));
                    if request.method() == Method::GET && request.uri().path() == RULES.path {
                        return Err(self.upgrade_later::<S>(request));
                    }
                    Ok(request)
                };
                Box::pin(http1::serve(stream, router, prepare, stop)).await;
            }
            Ok(Accepted::Upgrade(upgrade)) => match self.agree(&upgrade.request) {
                Ok((_, gateway)) => enter(gateway, &self.tasks, upgrade).await,
                Err(refusal) => drop(upgrade.refuse(&refusal).await),
            },
            Err(error) => tracing::debug!(%error, "a connection said nothing"),
        }
    }

    /// Decides whether a request for the WebSocket may be upgraded.
    fn agree<B>(&self, request: &Request<B>) -> Result<(Agreed, &Arc<Gateway>), Refusal> {
        let Some(gateway) = &self.gateway else {
            let detail = "this node holds no WebSockets: its roles are without gateway";
            return Err(Refusal::new(ErrorCode::NotFound, detail));
        };
        let headers = request.headers();
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        let origin = headers
            .contains_key(ORIGIN)
            .then(|| text(ORIGIN).unwrap_or_default());
        if origin.is_some_and(|origin| !self.node.origins().allows(origin, text(HOST))) {
            let detail = "pages of this origin may not connect";
            return Err(Refusal::new(ErrorCode::ForbiddenOrigin, detail));
        }
        Ok((evaluate(request)?, gateway))
    }

    /// Upgrades a connection that carried other requests before, as a proxy with a pool of connections does it.
    fn upgrade_later<S: Stream>(&self, mut request: Request<Incoming>) -> Response<Body> {
        let (agreed, gateway) = match self.agree(&request) {
            Ok(agreed) => agreed,
            Err(refusal) => return refused(&refusal),
        };
        let upgrading = hyper::upgrade::on(&mut request);
        let request = request.map(drop);
        let (gateway, tasks) = (Arc::clone(gateway), self.tasks.clone());
        self.tasks.spawn(async move {
            let Ok(upgraded) = upgrading.await else {
                return;
            };
            let Ok(parts) = upgraded.downcast::<TokioIo<Prefixed<S>>>() else {
                return tracing::error!("an upgraded connection isn't what was accepted");
            };
            let (prefix, stream) = parts.io.into_inner().into_parts();
            let leftover = [prefix, parts.read_buf].concat();
            let upgrade = Upgrade::answered(request, stream, leftover);
            enter(&gateway, &tasks, upgrade).await;
        });
        agreed.to_http()
    }
}

/// Takes a connection to its session, which then runs in a task of its own.
async fn enter<S: Stream>(gateway: &Arc<Gateway>, tasks: &TaskTracker, upgrade: Upgrade<S>) {
    if let Some(session) = gateway.enter(upgrade).await {
        tasks.spawn(session);
    }
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let mut response = Response::new(Body::from(refusal.body()));
    *response.status_mut() = refusal.status();
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if refusal.status() == StatusCode::UPGRADE_REQUIRED {
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    }
    response
}

/// A stream that a connection may come by.
pub(crate) trait Stream:
    AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static
{
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + Into<Transport> + 'static> Stream for S {}
