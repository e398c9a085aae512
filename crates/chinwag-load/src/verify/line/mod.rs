//! The line between the run's devices and the server: a proxy of WebSockets that records every frame, loses
//! connections, makes them slow, and, where it is told to, breaks promises in the server's name.

mod plant;
mod relay;
mod within;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, Result};
use chinwag_client::Network;
use parking_lot::Mutex;
use rand::{Rng as _, rngs::StdRng, seq::IteratorRandom as _};
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::JoinHandle,
};

pub use plant::Plant;
use plant::Planted;
pub(super) use plant::Private;

use super::history_file::HistoryWriter;
use crate::check::record::Recorder;

/// A history that is being written.
pub(super) type History = Arc<Recorder<HistoryWriter>>;

/// How often the end of the last connections is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// The line.
pub(super) struct Line {
    way_in: WayIn,
    state: Arc<State>,
}

/// How devices come.
enum WayIn {
    Tcp(SocketAddr, JoinHandle<()>),
    /// In the world that the servers are in.
    Within,
}

/// What all connections of the line share.
struct State {
    /// The server's WebSocket.
    upstream: String,
    /// What the server is reached by; none: TCP.
    network: Option<Arc<dyn Network>>,
    history: History,
    open: Mutex<BTreeMap<u64, Open>>,
    made: AtomicU64,
    /// How long a frame takes at most, milliseconds.
    delay_ms: AtomicU64,
    /// Connections on which nothing passes for now.
    clogged: watch::Sender<BTreeSet<u64>>,
    /// Frames of the server that are none of the protocol's.
    unknown: AtomicU64,
    planted: Option<Mutex<Planted>>,
}

/// A connection that stands.
struct Open {
    user: Option<String>,
    fate: oneshot::Sender<Fate>,
}

/// How the line ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Both sides see that it is gone.
    Cut,
    /// The server doesn't see it: nothing comes any more.
    Hush,
}

impl Line {
    /// Leads to a server, given its base URL and what it is reached by.
    pub(super) async fn open(
        url: &str,
        network: Option<Arc<dyn Network>>,
        history: History,
        plant: Option<(Plant, Private)>,
    ) -> Result<Self> {
        let is_within = network.is_some();
        let state = Arc::new(State {
            upstream: format!("{}/v1/ws", url.replacen("http", "ws", 1)),
            network,
            history,
            open: Mutex::default(),
            made: AtomicU64::new(0),
            delay_ms: AtomicU64::new(0),
            clogged: watch::Sender::default(),
            unknown: AtomicU64::new(0),
            planted: plant.map(|(plant, private)| Mutex::new(Planted::new(plant, private))),
        });
        let way_in = match is_within {
            true => WayIn::Within,
            false => listen(&state).await?,
        };
        Ok(Self { way_in, state })
    }

    /// Returns the base URL that devices connect to.
    pub(super) fn url(&self) -> String {
        match &self.way_in {
            WayIn::Tcp(address, _) => format!("http://{address}"),
            WayIn::Within => "http://line".into(),
        }
    }

    /// Returns what devices connect by; none: TCP.
    pub(super) fn network(&self) -> Option<Arc<dyn Network>> {
        match &self.way_in {
            WayIn::Tcp(..) => None,
            WayIn::Within => Some(within::to(&self.state)),
        }
    }

    /// Cuts about half of the connections; answers how many.
    pub(super) fn cut_half(&self, random: &mut StdRng) -> usize {
        self.state.end(Fate::Cut, |_| random.random_bool(0.5))
    }

    /// Lets the connections of a user fall silent without a word to the server.
    pub(super) fn hush(&self, user: &str) {
        self.state
            .end(Fate::Hush, |open| open.user.as_deref() == Some(user));
    }

    /// Makes each frame take so long at most.
    pub(super) fn delay(&self, at_most: Duration) {
        let millis = u64::try_from(at_most.as_millis()).unwrap_or(u64::MAX);
        self.state.delay_ms.store(millis, Ordering::Relaxed);
    }

    /// Lets nothing pass on one more connection; answers whether there was one.
    pub(super) fn clog_one(&self, random: &mut StdRng) -> bool {
        let open = self.state.open.lock();
        let clogged = self.state.clogged.borrow().clone();
        let free = open.keys().filter(|number| !clogged.contains(number));
        let Some(number) = free.choose(random) else {
            return false;
        };
        self.state.clogged.send_modify(|clogged| {
            clogged.insert(*number);
        });
        true
    }

    /// Lets all pass again on one connection, whichever; answers whether there was one.
    pub(super) fn release_one(&self, random: &mut StdRng) -> bool {
        let chosen = self.state.clogged.borrow().iter().choose(random).copied();
        if let Some(number) = chosen {
            self.state.clogged.send_modify(|clogged| {
                clogged.remove(&number);
            });
        }
        chosen.is_some()
    }

    /// Counts the connections that there were.
    pub(super) fn connections(&self) -> u64 {
        self.state.made.load(Ordering::Relaxed)
    }

    /// Counts the frames of the server that are none of the protocol's.
    pub(super) fn unknown_frames(&self) -> u64 {
        self.state.unknown.load(Ordering::Relaxed)
    }

    /// Tells how often a promise was broken as it was told to; none where it wasn't told to.
    pub(super) fn breaches(&self) -> Option<u64> {
        let planted = self.state.planted.as_ref();
        planted.map(|planted| planted.lock().breaches())
    }

    /// Ends it, so that nothing more is recorded; answers whether all connections ended in time.
    pub(super) async fn close(self, patience: Duration) -> bool {
        if let WayIn::Tcp(_, accepting) = &self.way_in {
            accepting.abort();
        }
        self.state.end(Fate::Cut, |_| true);
        let gone = async {
            while Arc::strong_count(&self.state) > 1 {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(patience, gone).await.is_ok()
    }
}

impl State {
    /// Ends the connections that are chosen; answers how many.
    fn end(&self, fate: Fate, mut chosen: impl FnMut(&Open) -> bool) -> usize {
        let mut open = self.open.lock();
        let ended: Vec<Open> = open
            .extract_if(.., |_, open| chosen(open))
            .map(|(_, open)| open)
            .collect();
        let count = ended.len();
        for connection in ended {
            // Whoever isn't there any more has ended already.
            let _ = connection.fate.send(fate);
        }
        count
    }
}

async fn listen(state: &Arc<State>) -> Result<WayIn> {
    let listener = TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.context("can't listen on this machine")?;
    let address = listener.local_addr()?;
    let accepting = tokio::spawn(accept(listener, Arc::clone(state)));
    Ok(WayIn::Tcp(address, accepting))
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(relay::relay(Arc::clone(&state), Box::new(stream)));
    }
}
