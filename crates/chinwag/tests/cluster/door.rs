//! A door that one client comes through, and that leads where a test says.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::place::Served;

/// Where doors lead; nowhere is a server that isn't there.
#[derive(Clone, Default)]
pub(crate) struct Way(Arc<Mutex<Option<SocketAddr>>>);

impl Way {
    pub(crate) fn to(served: &Served) -> Self {
        let way = Self::default();
        way.lead_to(Some(served));
        way
    }

    /// Leads new connections to a node, or nowhere.
    pub(crate) fn lead_to(&self, served: Option<&Served>) {
        *self.0.lock() = served.map(Served::address);
    }
}

/// A door, for as long as it is held.
pub(crate) struct Door {
    pub(crate) url: String,
    tries: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Door {
    pub(crate) async fn open(way: &Way) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let tries = Arc::new(AtomicUsize::new(0));
        let accepting = tokio::spawn(accept(listener, way.clone(), Arc::clone(&tries)));
        Self {
            url,
            tries,
            accepting,
        }
    }

    /// Counts the connections that were asked for so far.
    pub(crate) fn tries(&self) -> usize {
        self.tries.load(Ordering::SeqCst)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, way: Way, tries: Arc<AtomicUsize>) {
    while let Ok((mut client, _)) = listener.accept().await {
        tries.fetch_add(1, Ordering::SeqCst);
        let Some(address) = *way.0.lock() else {
            continue;
        };
        tokio::spawn(async move {
            if let Ok(mut server) = TcpStream::connect(address).await {
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            }
        });
    }
}
