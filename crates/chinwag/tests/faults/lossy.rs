//! A proxy between nodes and a Redis that loses some of what the Redis publishes.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::Mutex;
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// A proxy on a port of its own, for as long as it is held.
pub(crate) struct Lossy {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

struct State {
    upstream: String,
    /// Of how many messages one is lost; 0 where none is.
    one_in: AtomicU64,
    lost: AtomicU64,
    rng: Mutex<StdRng>,
}

impl Lossy {
    /// Leads to a Redis; loses nothing yet.
    pub(crate) async fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream: upstream.into(),
            one_in: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            rng: Mutex::new(StdRng::seed_from_u64(7)),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    /// Loses one in so many messages from now on.
    pub(crate) fn lose_one_in(&self, messages: u64) {
        self.state.one_in.store(messages, Ordering::Relaxed);
    }

    /// Counts what was lost.
    pub(crate) fn lost(&self) -> u64 {
        self.state.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(pass(stream, Arc::clone(&state)));
    }
}

async fn pass(down: TcpStream, state: Arc<State>) {
    let Ok(up) = TcpStream::connect(&state.upstream).await else {
        return;
    };
    let (mut from_node, to_node) = down.into_split();
    let (from_redis, mut to_redis) = up.into_split();
    let asking = async {
        let _ = tokio::io::copy(&mut from_node, &mut to_redis).await;
    };
    tokio::select! {
        () = asking => {}
        () = answer(from_redis, to_node, &state) => {}
    }
}

async fn answer(
    mut from_redis: tokio::net::tcp::OwnedReadHalf,
    mut to_node: tokio::net::tcp::OwnedWriteHalf,
    state: &State,
) {
    let mut came = Vec::new();
    while from_redis
        .read_buf(&mut came)
        .await
        .is_ok_and(|read| read > 0)
    {
        let (mut passed, mut begin) = (Vec::new(), 0);
        while let Some(length) = reply_length(&came[begin..]) {
            let reply = &came[begin..begin + length];
            if !state.loses(reply) {
                passed.extend_from_slice(reply);
            }
            begin += length;
        }
        came.drain(..begin);
        if to_node.write_all(&passed).await.is_err() {
            return;
        }
    }
}

impl State {
    fn loses(&self, reply: &[u8]) -> bool {
        let one_in = self.one_in.load(Ordering::Relaxed);
        let is_lost =
            one_in > 0 && is_message(reply) && self.rng.lock().random_ratio(1, one_in as u32);
        self.lost.fetch_add(u64::from(is_lost), Ordering::Relaxed);
        is_lost
    }
}

/// Tells whether a reply is a message that somebody published: an array, or a push, that begins with the word.
fn is_message(reply: &[u8]) -> bool {
    let mut lines = reply.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let word = lines.nth(1).unwrap_or_default();
    matches!(first.first(), Some(b'*' | b'>')) && matches!(word, b"message\r" | b"smessage\r")
}

/// Returns how long the reply is that some bytes begin with; nothing where its end hasn't come.
fn reply_length(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let number = || {
        std::str::from_utf8(&bytes[1..line - 2])
            .unwrap()
            .parse::<i64>()
    };
    let parts = match bytes[0] {
        b'$' | b'=' | b'!' => {
            let length = usize::try_from(number().unwrap()).map_or(line, |text| line + text + 2);
            return (bytes.len() >= length).then_some(length);
        }
        b'*' | b'>' | b'~' => number().unwrap().max(0),
        b'%' => 2 * number().unwrap(),
        _ => return Some(line),
    };
    let mut length = line;
    for _ in 0..parts {
        length += reply_length(bytes.get(length..).filter(|rest| !rest.is_empty())?)?;
    }
    Some(length)
}
