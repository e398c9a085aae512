//! A proxy between nodes and a Cassandra that passes every request on and keeps the answers to some of them: what was
//! written is there, and the writer never hears of it.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinHandle,
};

/// A frame's header: version, flags, stream (2), opcode, length (4).
const HEADER: usize = 9;
const PREPARE: u8 = 0x09;
const EXECUTE: u8 = 0x0a;
const RESULT: u8 = 0x08;
const BATCH: u8 = 0x0d;
/// What a result begins with that names a prepared statement.
const PREPARED: [u8; 4] = [0, 0, 0, 4];

/// The proxy, on a port of its own, for as long as it is held.
pub(crate) struct Withholding {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    upstream: String,
    /// What is in the writes whose answers are kept.
    wanted: Mutex<Option<Vec<u8>>>,
    kept: AtomicUsize,
    /// Names of prepared statements that read.
    reads: Mutex<HashSet<Vec<u8>>>,
}

impl Withholding {
    /// Leads to a Cassandra; keeps nothing yet.
    pub(crate) async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream: upstream.into(),
            ..State::default()
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    /// Keeps the answers to all writes of some bytes from now on.
    pub(crate) fn keep_answers_to(&self, bytes: &[u8]) {
        self.state.kept.store(0, Ordering::SeqCst);
        *self.state.wanted.lock() = Some(bytes.to_vec());
    }

    /// Keeps no more answers; returns how many it has kept. What was kept stays away.
    pub(crate) fn let_go(&self) -> usize {
        *self.state.wanted.lock() = None;
        self.kept()
    }

    /// Counts the answers that were kept since it began to.
    pub(crate) fn kept(&self) -> usize {
        self.state.kept.load(Ordering::SeqCst)
    }
}

impl Drop for Withholding {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(pass(stream, Arc::clone(&state)));
    }
}

/// What one connection asked for and wasn't answered yet.
#[derive(Default)]
struct Asked {
    /// Streams whose answers are kept.
    kept: HashSet<[u8; 2]>,
    /// Streams that prepare what reads.
    prepares_read: HashSet<[u8; 2]>,
}

async fn pass(down: TcpStream, state: Arc<State>) {
    let Ok(up) = TcpStream::connect(&state.upstream).await else {
        return;
    };
    for stream in [&down, &up] {
        stream.set_nodelay(true).unwrap();
    }
    let (from_node, to_node) = down.into_split();
    let (from_cassandra, to_cassandra) = up.into_split();
    let asked = Mutex::new(Asked::default());
    let asking = each_frame(from_node, to_cassandra, |frame| {
        state.asks(frame, &mut asked.lock());
        true
    });
    let answering = each_frame(from_cassandra, to_node, |frame| {
        state.answers(frame, &mut asked.lock())
    });
    tokio::select! {
        () = asking => {}
        () = answering => {}
    }
}

/// Passes on the frames that may pass, until either side ends.
async fn each_frame(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut passes: impl FnMut(&[u8]) -> bool,
) {
    let mut frame = vec![0; HEADER];
    loop {
        frame.truncate(HEADER);
        if from.read_exact(&mut frame).await.is_err() {
            return;
        }
        let length = u32::from_be_bytes(frame[5..].try_into().unwrap()) as usize;
        frame.resize(HEADER + length, 0);
        if from.read_exact(&mut frame[HEADER..]).await.is_err() {
            return;
        }
        if passes(&frame) && to.write_all(&frame).await.is_err() {
            return;
        }
    }
}

impl State {
    fn asks(&self, frame: &[u8], asked: &mut Asked) {
        let (stream, opcode, body) = parts(frame);
        match opcode {
            PREPARE if body[4..].starts_with(b"SELECT") => {
                asked.prepares_read.insert(stream);
            }
            EXECUTE if self.reads.lock().contains(short(body)) => {}
            EXECUTE | BATCH if self.wants(body) => {
                asked.kept.insert(stream);
            }
            _ => {}
        }
    }

    fn answers(&self, frame: &[u8], asked: &mut Asked) -> bool {
        let (stream, opcode, body) = parts(frame);
        if asked.prepares_read.remove(&stream) && opcode == RESULT && body.starts_with(&PREPARED) {
            self.reads.lock().insert(short(&body[4..]).to_vec());
        }
        let is_kept = asked.kept.remove(&stream);
        self.kept.fetch_add(usize::from(is_kept), Ordering::SeqCst);
        !is_kept
    }

    fn wants(&self, body: &[u8]) -> bool {
        let wanted = self.wanted.lock();
        wanted.as_ref().is_some_and(|bytes| {
            body.windows(bytes.len())
                .any(|window| window == bytes.as_slice())
        })
    }
}

fn parts(frame: &[u8]) -> ([u8; 2], u8, &[u8]) {
    ([frame[2], frame[3]], frame[4], &frame[HEADER..])
}

/// Returns bytes that their length stands before, in two bytes.
fn short(body: &[u8]) -> &[u8] {
    let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
    &body[2..2 + length]
}
