//! A running server: starts everything in order, and stops it in the other.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::Config, control, error::StartError, listener::Listener, metrics, node::Node, tls,
    wiring::Opening,
};

/// A running server.
pub struct Server {
    node: Arc<Node>,
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    control: PathBuf,
    /// Ends the listeners and, once their requests are through, their connections.
    stop: CancellationToken,
    tasks: TaskTracker,
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
        let socket = bind(&config.listen).await?;
        let metrics_socket = match &config.metrics_listen {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let node = Node::open(&config, opening).await?;
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let control_path = control::socket_path(&config.data_dir);
        let control = control::bind(&control_path).map_err(StartError::file(&control_path))?;
        tasks.spawn(control::run(
            control,
            node.control_router(),
            stop.clone(),
            tasks.clone(),
        ));
        let address = local_address(&socket, &config.listen)?;
        let metrics_address = metrics_socket
            .as_ref()
            .map(|socket| local_address(socket, "metrics.listen"))
            .transpose()?;
        if let Some(socket) = metrics_socket {
            tasks.spawn(metrics::serve_page(socket, Arc::clone(&node), stop.clone()));
        }
        let listener = Listener {
            router: node.router(),
            node: Arc::clone(&node),
            tls,
            stop: stop.clone(),
            tasks: tasks.clone(),
        };
        tasks.spawn(Arc::new(listener).run(socket));
        Ok(Self {
            node,
            address,
            metrics_address,
            control: control_path,
            stop,
            tasks,
            timeout: config.shutdown_timeout,
        })
    }

    /// Returns the address that clients connect to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
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

    /// Returns the node, for whoever runs in the same process.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Drains within the configured bound: nothing new is accepted, what runs ends, what waits is written.
    pub async fn shutdown(self) {
        self.node.health().drain();
        self.stop.cancel();
        self.tasks.close();
        let drained = tokio::time::timeout(self.timeout, self.tasks.wait()).await;
        if drained.is_err() {
            tracing::warn!(
                tasks = self.tasks.len(),
                "connections are cut that didn't end in time"
            );
        }
        if tokio::time::timeout(self.timeout, self.node.stop())
            .await
            .is_err()
        {
            tracing::warn!("the owner is cut, which didn't end in time");
        }
        let _ = std::fs::remove_file(&self.control);
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
