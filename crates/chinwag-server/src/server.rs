//! A running server: opens sockets, starts everything in order, and stops it in the other.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{CallsConfig, Config},
    control,
    error::StartError,
    gateway::Gateway,
    metrics,
    node::Node,
    routing,
    running::{Running, Threads},
    tls,
    wiring::Opening,
};

/// How long calls of other nodes that run may take to end, once nothing is owned here any more.
const CALLS_END_WITHIN: Duration = Duration::from_secs(1);

/// A running server.
pub struct Server {
    running: Running,
    /// None where no clients are served.
    address: Option<SocketAddr>,
    metrics_address: Option<SocketAddr>,
    control: PathBuf,
    /// Ends the listener for other nodes: last, since they ask for chats until these are handed over.
    calls_stop: CancellationToken,
    calls_tasks: TaskTracker,
    timeout: Duration,
}

impl Server {
    /// Starts a server; it serves when this returns.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        Self::start_with(config, Opening::default()).await
    }

    /// Starts a server on a data directory that is opened in a certain way.
    pub async fn start_with(config: Config, opening: Opening) -> Result<Self, StartError> {
        let tls = config.tls.as_ref().map(tls::acceptor).transpose()?;
        // The address first: where another server has it, nothing else is touched.
        let clients = config.node.serves_clients().then_some(&config.listen);
        let socket = bind_named(clients).await?;
        let metrics_socket = bind_named(config.metrics_listen.as_ref()).await?;
        let calls_socket = match &config.node.calls {
            Some(calls) => Some((calls, bind(&calls.listen).await?)),
            None => None,
        };
        let called_at = match &calls_socket {
            Some((calls, socket)) => Some(advertised(calls, socket)?),
            None => None,
        };
        let node = Node::open(&config, opening, called_at).await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let control_path = control::socket_path(&config.data_dir);
        let control = control::bind(&control_path).map_err(StartError::file(&control_path))?;
        let address = socket
            .as_ref()
            .map(|socket| local_address(socket, &config.listen))
            .transpose()?;
        if let Some(address) = address {
            node.serves_at(local_url(address, config.tls.is_some()));
        }
        tasks.spawn(control::run(
            control,
            node.control_router(stop.clone()),
            stop.clone(),
            tasks.clone(),
        ));
        let metrics_address = metrics_socket
            .as_ref()
            .map(|socket| local_address(socket, "metrics.listen"))
            .transpose()?;
        if let Some(socket) = metrics_socket {
            tasks.spawn(metrics::serve_page(socket, Arc::clone(&node), stop.clone()));
        }
        let (calls_stop, calls_tasks) = (CancellationToken::new(), TaskTracker::new());
        if let Some((calls, socket)) = calls_socket {
            let owner = Arc::clone(node.owner());
            let serving = routing::serve(socket, owner, calls.key.clone(), calls_stop.clone());
            calls_tasks.spawn(serving);
        }
        let threads = Threads::Own;
        let running = Running::start(&config, node, tls, threads, stop, tasks).await;
        if let Some(socket) = socket {
            running.listen(socket);
        } else if metrics_address.is_none() {
            tracing::warn!("nobody can ask this node how it is: set metrics.listen");
        }
        Ok(Self {
            running,
            address,
            metrics_address,
            control: control_path,
            calls_stop,
            calls_tasks,
            timeout: config.shutdown_timeout,
        })
    }

    /// Returns the address that clients connect to; none where none are served.
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.address
    }

    /// Returns where clients on this machine find the server; nowhere, where none are served.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.node().url()
    }

    /// Returns the address that metrics are read from.
    #[must_use]
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Returns the path of the control socket.
    #[must_use]
    pub fn control_path(&self) -> &std::path::Path {
        &self.control
    }

    /// Returns the gateway.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        self.running.gateway()
    }

    /// Returns the node, for whoever runs in the same process.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        self.running.node()
    }

    /// Waits until the node stood still for so long that others took over what it had: it must be shut down, and may be
    /// started anew.
    pub async fn until_closed(&self) {
        self.node().owner().until_closed().await;
    }

    /// Drains within the configured bound: nothing new is accepted, what runs ends, what waits is written.
    pub async fn shutdown(self) {
        self.running.leave(self.timeout).await;
        self.calls_stop.cancel();
        self.calls_tasks.close();
        let _ = tokio::time::timeout(CALLS_END_WITHIN, self.calls_tasks.wait()).await;
        self.node().delivery().detach();
        let _ = std::fs::remove_file(&self.control);
    }
}

/// Writes where clients on this machine find a listener: one on all addresses is on this machine's own too.
fn local_url(mut address: SocketAddr, tls: bool) -> String {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// Returns where other nodes find the listener that is for them.
fn advertised(calls: &CallsConfig, socket: &TcpListener) -> Result<String, StartError> {
    match &calls.advertise {
        Some(address) => Ok(address.clone()),
        None => Ok(local_address(socket, &calls.listen)?.to_string()),
    }
}

/// Listens on an address, where there is one.
async fn bind_named(address: Option<&String>) -> Result<Option<TcpListener>, StartError> {
    match address {
        Some(address) => bind(address).await.map(Some),
        None => Ok(None),
    }
}

async fn bind(address: &str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|error| StartError::Listen {
            address: address.into(),
            error,
        })
}

fn local_address(socket: &TcpListener, name: &str) -> Result<SocketAddr, StartError> {
    socket.local_addr().map_err(|error| StartError::Listen {
        address: name.into(),
        error,
    })
}
