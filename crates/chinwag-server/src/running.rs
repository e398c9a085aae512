//! A node at work: its gateway, who answers its clients, who works behind the log. It needs no socket of its own.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, middleware};
use chinwag_core::{
    SystemClock,
    delivery::{ReadListener, Sessions},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Config, NodeRole},
    error::StartError,
    fanout::Fanout,
    gateway::{Gateway, GatewayPorts, GatewaySettings},
    listener::Listener,
    metrics,
    node::Node,
    web,
    wiring::Ports,
    ws,
};

/// How long clients wait for a node that doesn't hear the others yet: a bus that is away must not keep it closed.
const HEARS_WITHIN: Duration = Duration::from_secs(5);

/// Which threads deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// Some of their own: no other task waits for what goes to thousands.
    Own,
    /// The caller's, so that all happens in one order that can be repeated.
    Callers,
}

/// A node at work.
pub struct Running {
    node: Arc<Node>,
    gateway: Arc<Gateway>,
    listener: Arc<Listener>,
    /// Ends the listeners and, once their requests are through, their connections.
    stop: CancellationToken,
    tasks: TaskTracker,
}

impl Running {
    /// Lets a node work until it leaves; `stop` and `tasks` are shared with whatever else ends then.
    pub async fn start(
        config: &Config,
        node: Arc<Node>,
        tls: Option<TlsAcceptor>,
        threads: Threads,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let gateway = gateway(config, &node, threads);
        node.metrics().register(|registry| {
            let counts = metrics::Sessions(Arc::clone(gateway.counts()));
            registry.register_collector(Box::new(counts));
            let ownership = metrics::Ownership {
                owner: Arc::downgrade(node.owner()),
                clock: Arc::clone(node.clock()),
            };
            registry.register_collector(Box::new(ownership));
        });
        let holds_sessions = config.node.has(NodeRole::Gateway);
        if holds_sessions {
            tasks.spawn(Arc::clone(&gateway).run(stop.clone()));
            gateway.until_it_hears(HEARS_WITHIN).await;
        }
        if node.is_read_only() {
            tracing::warn!(
                "open for reading only: nothing can be sent, and nobody works behind the log"
            );
        } else {
            start_workers(config, &node, &stop, &tasks);
            if config.push.is_on() && config.node.has(NodeRole::Push) {
                start_push(config, &node, &stop, &tasks);
            }
        }
        let listener = Listener {
            gateway: holds_sessions.then(|| Arc::clone(&gateway)),
            router: router(config, &node),
            node: Arc::clone(&node),
            tls,
            stop: stop.clone(),
            tasks: tasks.clone(),
        };
        Self {
            node,
            gateway,
            listener: Arc::new(listener),
            stop,
            tasks,
        }
    }

    /// Lets a node work over engines that are there already, all of it in the caller's thread: for tests, and for measuring
    /// what the server itself takes.
    pub async fn over(config: &Config, ports: Ports) -> Result<Self, StartError> {
        let clock = Arc::new(SystemClock::default());
        let node = Node::over(config, ports, None, Arc::default(), clock, None).await?;
        let (stop, tasks) = Default::default();
        Ok(Self::start(config, node, None, Threads::Callers, stop, tasks).await)
    }

    /// Returns the node.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Returns the gateway.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// Leaves in order: nothing new is accepted, what runs ends, what waits is written, and chats are handed over; each
    /// of the two within a bound.
    pub async fn leave(&self, within: Duration) {
        self.node.health().drain();
        self.gateway.drain().await;
        self.stop.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(within, self.tasks.wait()).await;
        if drained.is_err() {
            tracing::warn!(
                tasks = self.tasks.len(),
                "connections are cut that didn't end in time"
            );
        }
        let stopped = tokio::time::timeout(within, self.node.stop()).await;
        if stopped.is_err() {
            tracing::warn!("the owner is cut, which didn't end in time");
        }
    }

    /// Serves the clients that come by a socket.
    pub fn listen(&self, socket: TcpListener) {
        self.tasks.spawn(Arc::clone(&self.listener).run(socket));
    }

    /// Serves one client of this process, that has the other end of a stream, until the stream ends.
    pub fn serve<S>(&self, stream: S) -> impl Future<Output = ()> + Send + use<S>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + Into<ws::Transport> + 'static,
    {
        let here = SocketAddr::from((IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
        Arc::clone(&self.listener).serve(stream, here)
    }
}

/// Makes the router of what clients ask over HTTP.
fn router(config: &Config, node: &Node) -> Router {
    if !config.node.has(NodeRole::Api) {
        return node.health_router();
    }
    let api = node.router();
    if config.web_client {
        api.merge(web::router())
            .layer(middleware::from_fn(web::told_to_people))
    } else {
        api
    }
}

/// Makes the gateway and lets it hear what this node delivers.
fn gateway(config: &Config, node: &Node, threads: Threads) -> Arc<Gateway> {
    let ports = node.ports();
    let gateway = Gateway::new(
        GatewayPorts {
            owner: Arc::clone(node.chats()),
            reads: Arc::clone(node.reads()),
            presence: Arc::clone(&ports.presence),
            bus: Arc::clone(&ports.bus),
            accounts: Arc::clone(&ports.accounts),
            directory: Arc::clone(&ports.directory),
            store: Arc::clone(&ports.store),
            authenticator: Arc::clone(node.authenticator()),
            rates: Arc::clone(node.rates()),
            clock: Arc::clone(node.clock()),
        },
        GatewaySettings {
            node: node.owner().node(),
            limits: config.limits.clone(),
            connection: ws::Limits {
                message_bytes: config.limits.body_bytes as usize,
                ..ws::Limits::default()
            },
            delivery_threads: match threads {
                Threads::Own => config.delivery_threads as usize,
                Threads::Callers => 1,
            },
            listens_apart: matches!(threads, Threads::Own),
        },
    );
    node.delivery()
        .attach(Arc::clone(&gateway) as Arc<dyn Sessions>);
    gateway
}

/// Starts who works behind the log.
fn start_workers(config: &Config, node: &Node, stop: &CancellationToken, tasks: &TaskTracker) {
    let ports = node.ports();
    if config.node.has(NodeRole::Fanout) {
        let fanout = Fanout {
            queue: Arc::clone(&ports.queue),
            store: Arc::clone(&ports.store),
            directory: Arc::clone(&ports.directory),
            bus: Arc::clone(&ports.bus),
        };
        tasks.spawn(fanout.run(stop.clone()));
    }
    if config.node.has(NodeRole::Indexer) {
        tasks.spawn(node.indexer().run(stop.clone()));
        tasks.spawn(Arc::clone(node.rebuilder()).keep_whole(stop.clone()));
        tasks.spawn(node.purger().run(stop.clone()));
    }
}

/// Starts who tells devices of messages, and lets it hear what users read.
fn start_push(config: &Config, node: &Node, stop: &CancellationToken, tasks: &TaskTracker) {
    let push = node.push(config.push.settings.clone());
    node.metrics()
        .register(|registry| push.counts().register(registry));
    let listener = Arc::clone(&push) as Arc<dyn ReadListener>;
    node.delivery().attach_read_listener(listener);
    tasks.spawn(push.run(stop.clone()));
}
