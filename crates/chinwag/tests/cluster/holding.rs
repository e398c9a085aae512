//! A proxy that keeps a request from an engine until a test lets it go.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// How many requests wait, and whether they may go.
#[derive(Debug, Clone, Copy, Default)]
struct Gate {
    held: usize,
    is_open: bool,
}

/// The proxy, for as long as it is held.
pub(crate) struct Holding {
    pub(crate) address: SocketAddr,
    gate: watch::Sender<Gate>,
    accepting: JoinHandle<()>,
}

impl Holding {
    /// Stands before an engine and keeps each connection from the first request on that contains `word`.
    pub(crate) async fn before(upstream: &str, word: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let gate = watch::Sender::new(Gate::default());
        let (upstream, waiting) = (upstream.to_owned(), gate.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((down, _)) = listener.accept().await {
                let (upstream, gate) = (upstream.clone(), waiting.clone());
                tokio::spawn(async move {
                    if let Ok(up) = TcpStream::connect(upstream).await {
                        let (down_from, mut down_to) = down.into_split();
                        let (mut up_from, up_to) = up.into_split();
                        tokio::select! {
                            () = pass(down_from, up_to, word.as_bytes(), &gate) => {}
                            _ = copy(&mut up_from, &mut down_to) => {}
                        }
                    }
                });
            }
        });
        Self {
            address,
            gate,
            accepting,
        }
    }

    /// Returns whether a request waits.
    pub(crate) fn holds(&self) -> bool {
        self.gate.borrow().held > 0
    }

    /// Lets everything go, from now on.
    pub(crate) fn let_go(&self) {
        self.gate.send_modify(|gate| gate.is_open = true);
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes on what a client says; waits before the word.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    word: &[u8],
    gate: &watch::Sender<Gate>,
) {
    let mut bytes = [0; 16_384];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let said = &bytes[..count];
        if said.windows(word.len()).any(|part| part == word) {
            gate.send_modify(|gate| gate.held += 1);
            let _ = gate.subscribe().wait_for(|gate| gate.is_open).await;
        }
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}
