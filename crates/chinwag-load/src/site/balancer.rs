//! What stands before several nodes: it leads each new connection to the next node that takes it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::OwnServer;

/// How long a node may take to take a connection, before the next one is asked.
const CONNECT: Duration = Duration::from_secs(1);

/// A balancer of TCP connections.
pub(crate) struct Balancer {
    address: SocketAddr,
    nodes: Arc<Nodes>,
    accepting: JoinHandle<()>,
}

/// The nodes, and whose turn it is.
struct Nodes {
    nodes: Vec<Node>,
    turn: AtomicUsize,
}

struct Node {
    /// Host and port.
    address: String,
    /// Whether no new connection is led to it.
    is_out: AtomicBool,
}

impl Balancer {
    /// Leads to servers.
    pub(super) async fn open(servers: &[OwnServer]) -> Result<Self> {
        let addresses = servers.iter().map(OwnServer::address);
        Self::to(addresses.collect::<Result<_>>()?).await
    }

    /// Leads to nodes by their addresses.
    async fn to(addresses: Vec<&str>) -> Result<Self> {
        let node = |address: &str| Node {
            address: address.to_owned(),
            is_out: AtomicBool::new(false),
        };
        let nodes = Arc::new(Nodes {
            nodes: addresses.into_iter().map(node).collect(),
            turn: AtomicUsize::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.context("can't listen on this machine")?;
        Ok(Self {
            address: listener.local_addr()?,
            accepting: tokio::spawn(accept(listener, Arc::clone(&nodes))),
            nodes,
        })
    }

    /// Returns the base URL that clients connect to.
    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads no new connection to a node, by its number, or does so again.
    pub(crate) fn take_out(&self, node: usize, is_out: bool) {
        if let Some(node) = self.nodes.nodes.get(node) {
            node.is_out.store(is_out, Ordering::Relaxed);
        }
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, nodes: Arc<Nodes>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(carry(Arc::clone(&nodes), stream));
    }
}

/// Carries what both sides say until either ends; where no node is there, the connection ends.
async fn carry(nodes: Arc<Nodes>, mut client: TcpStream) {
    let Some(mut server) = nodes.connect().await else {
        return;
    };
    // A failure ends the connection for both, as they see.
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

impl Nodes {
    /// Connects to the next node that takes it.
    async fn connect(&self) -> Option<TcpStream> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        for nth in 0..self.nodes.len() {
            let node = &self.nodes[(first.wrapping_add(nth)) % self.nodes.len()];
            if node.is_out.load(Ordering::Relaxed) {
                continue;
            }
            let connecting = tokio::time::timeout(CONNECT, TcpStream::connect(&node.address));
            if let Ok(Ok(stream)) = connecting.await {
                return Some(stream);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Answers each connection with a letter.
    async fn node(letter: &'static [u8]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(letter).await.unwrap();
            }
        });
        address
    }

    async fn answers(balancer: &Balancer) -> String {
        let mut answers = String::new();
        for _ in 0..6 {
            let mut stream = TcpStream::connect(balancer.address).await.unwrap();
            stream.read_to_string(&mut answers).await.unwrap();
        }
        answers
    }

    #[tokio::test]
    async fn a_connection_goes_to_the_next_node_that_is_in_and_there() {
        let nowhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gone = nowhere.local_addr().unwrap().to_string();
        drop(nowhere);
        let (first, third) = (node(b"a").await, node(b"c").await);
        let balancer = Balancer::to(vec![&first, &gone, &third]).await.unwrap();
        let all = answers(&balancer).await;
        assert!(all.contains('a') && all.contains('c'), "{all}");
        balancer.take_out(0, true);
        assert_eq!(answers(&balancer).await, "cccccc");
        balancer.take_out(0, false);
        balancer.take_out(2, true);
        assert_eq!(answers(&balancer).await, "aaaaaa");
    }
}
