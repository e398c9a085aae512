//! A proxy between clients and a server: it taps the WebSockets for the checker, cuts connections, and, where a test
//! says so, loses or changes frames. Plain HTTP passes as it is.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chinwag_load::{check::record::Recorder, recording::Tap};
use chinwag_proto::frames::SUBPROTOCOL;
use futures_util::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_hdr_async, connect_async,
    tungstenite::{
        Message as Frame,
        client::IntoClientRequest as _,
        handshake::server::{ErrorResponse, Request, Response},
        http::HeaderValue,
    },
};

use crate::fixture::PATIENCE;

/// How a WebSocket's request begins.
const UPGRADE: &[u8] = b"GET /v1/ws";

/// A history in memory, while it is written.
pub(crate) type History = Arc<Recorder<Vec<u8>>>;

/// Where a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toward {
    Server,
    Client,
}

/// What becomes of a frame; it may have been changed before.
#[derive(Debug)]
pub(crate) enum Pass {
    On,
    Lose,
    /// Nobody is asked: the client gets this answer.
    Answer(Value),
    /// The connection is cut after the frame went on.
    CutAfter,
    /// What goes to the client waits until all that is held is released, and what comes after overtakes it.
    Hold,
}

type Rule = Box<dyn FnMut(Toward, &mut Value) -> Pass + Send>;

struct State {
    upstream: Mutex<SocketAddr>,
    history: Option<History>,
    rule: Mutex<Rule>,
    cuts: broadcast::Sender<Option<u64>>,
    releases: broadcast::Sender<()>,
    held: AtomicU64,
    connections: AtomicU64,
}

/// A proxy on a port of its own.
pub(crate) struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// Leads to a server, and records everything where there is a history to write.
    pub(crate) async fn start(upstream: SocketAddr, history: Option<History>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            upstream: Mutex::new(upstream),
            history,
            rule: Mutex::new(Box::new(|_, _| Pass::On)),
            cuts: broadcast::channel(64).0,
            releases: broadcast::channel(64).0,
            held: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&state)));
        Self {
            address,
            state,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads new connections to another server.
    pub(crate) fn lead_to(&self, upstream: SocketAddr) {
        *self.state.upstream.lock() = upstream;
    }

    /// Says what becomes of frames from now on.
    pub(crate) fn rule(&self, rule: impl FnMut(Toward, &mut Value) -> Pass + Send + 'static) {
        *self.state.rule.lock() = Box::new(rule);
    }

    /// Waits until something is held.
    pub(crate) async fn until_held(&self) {
        let held = async {
            while self.state.held.load(Ordering::SeqCst) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, held)
            .await
            .expect("something comes that is to be held");
    }

    /// Lets go what is held.
    pub(crate) fn release(&self) {
        let _ = self.state.releases.send(());
    }

    /// Cuts the latest connections, so many of them, as a lost network does.
    pub(crate) fn cut_latest(&self, count: u64) {
        let made = self.state.connections.load(Ordering::Relaxed);
        for number in made.saturating_sub(count)..made {
            let _ = self.state.cuts.send(Some(number));
        }
    }

    /// Cuts every connection.
    pub(crate) fn cut_all(&self) {
        let _ = self.state.cuts.send(None);
    }

    /// Ends it, so that nothing more is recorded.
    pub(crate) async fn close(self) {
        self.accepting.abort();
        self.cut_all();
        let gone = async {
            while Arc::strong_count(&self.state) > 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, gone)
            .await
            .expect("connections end when they are cut");
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(pass(Arc::clone(&state), stream));
    }
}

async fn pass(state: Arc<State>, mut stream: TcpStream) {
    let cuts = state.cuts.subscribe();
    let upgrades = tokio::select! {
        upgrades = upgrades(&stream) => upgrades,
        // A connection that was opened and isn't used yet.
        () = cut(state.cuts.subscribe(), None) => return,
    };
    if upgrades {
        let number = state.connections.fetch_add(1, Ordering::Relaxed);
        return relay(state, stream, cuts, number).await;
    }
    let address = *state.upstream.lock();
    let Ok(mut upstream) = TcpStream::connect(address).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut stream, &mut upstream) => {}
        () = cut(cuts, None) => {}
    }
}

/// Tells whether a connection's first request is for a WebSocket.
async fn upgrades(stream: &TcpStream) -> bool {
    let mut begin = [0; UPGRADE.len()];
    while let Ok(seen) = stream.peek(&mut begin).await
        && seen > 0
        && UPGRADE.starts_with(&begin[..seen])
    {
        if seen == UPGRADE.len() {
            return true;
        }
        // The rest of the first line is still on its way.
        tokio::task::yield_now().await;
    }
    false
}

type Upstream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// One connection through the proxy.
struct Relay {
    down: WebSocketStream<TcpStream>,
    up: Upstream,
    tap: Option<Tap<Vec<u8>>>,
    held: Vec<Value>,
    /// Let go last: whoever waits for that knows that nothing is recorded any more.
    state: Arc<State>,
}

async fn relay(
    state: Arc<State>,
    stream: TcpStream,
    cuts: broadcast::Receiver<Option<u64>>,
    number: u64,
) {
    let Ok(down) = accept_hdr_async(stream, with_subprotocol).await else {
        return;
    };
    let upstream = *state.upstream.lock();
    let Some(up) = connect(upstream).await else {
        return;
    };
    let tap = state
        .history
        .clone()
        .map(|history| Tap::new(history, format!("d{number}")));
    let mut relay = Relay {
        state,
        down,
        up,
        tap,
        held: Vec::new(),
    };
    let clean = tokio::select! {
        clean = relay.run() => clean,
        () = cut(cuts, Some(number)) => false,
    };
    if let Some(tap) = &mut relay.tap {
        tap.ends(clean);
    }
}

/// Waits until all connections are cut, or this one is.
async fn cut(mut cuts: broadcast::Receiver<Option<u64>>, number: Option<u64>) {
    loop {
        match cuts.recv().await {
            Ok(which) if which.is_none() || which == number => return,
            Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

fn with_subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if let Some(name) = request.headers().get("Sec-WebSocket-Protocol") {
        response
            .headers_mut()
            .insert("Sec-WebSocket-Protocol", name.clone());
    }
    Ok(response)
}

async fn connect(upstream: SocketAddr) -> Option<Upstream> {
    let url = format!("ws://{upstream}/v1/ws");
    let mut request = url.into_client_request().unwrap();
    let name = HeaderValue::from_static(SUBPROTOCOL);
    request.headers_mut().insert("Sec-WebSocket-Protocol", name);
    Some(connect_async(request).await.ok()?.0)
}

impl Relay {
    /// Passes frames on until one side ends; answers whether it ended by a close frame.
    async fn run(&mut self) -> bool {
        let mut releases = self.state.releases.subscribe();
        loop {
            tokio::select! {
                Ok(()) = releases.recv() => {
                    for frame in std::mem::take(&mut self.held) {
                        self.tell_client(frame).await;
                    }
                }
                frame = self.down.next() => match frame {
                    Some(Ok(Frame::Text(text))) => {
                        let frame = serde_json::from_str(&text).unwrap();
                        if self.client_says(frame).await.is_none() {
                            return false;
                        }
                    }
                    Some(Ok(Frame::Close(close))) => {
                        let _ = self.up.close(close).await;
                        return true;
                    }
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return false,
                },
                frame = self.up.next() => match frame {
                    Some(Ok(Frame::Text(text))) => {
                        let frame = serde_json::from_str(&text).unwrap();
                        if self.server_says(frame).await.is_none() {
                            return false;
                        }
                    }
                    Some(Ok(Frame::Close(close))) => {
                        let _ = self.down.close(close).await;
                        return true;
                    }
                    Some(Ok(_)) => {}
                    None | Some(Err(_)) => return false,
                },
            }
        }
    }

    async fn client_says(&mut self, mut frame: Value) -> Option<()> {
        if let (Some(tap), Ok(frame)) = (&mut self.tap, serde_json::from_value(frame.clone())) {
            tap.sends(&frame);
        }
        let pass = (self.state.rule.lock())(Toward::Server, &mut frame);
        match pass {
            Pass::On => self.up.send(text(&frame)).await.ok(),
            Pass::Lose => Some(()),
            Pass::Answer(answer) => self.tell_client(answer).await,
            Pass::Hold => unreachable!("only what goes to the client is held"),
            Pass::CutAfter => {
                let _ = self.up.send(text(&frame)).await;
                None
            }
        }
    }

    async fn server_says(&mut self, mut frame: Value) -> Option<()> {
        let pass = (self.state.rule.lock())(Toward::Client, &mut frame);
        match pass {
            Pass::On | Pass::Answer(_) => self.tell_client(frame).await,
            Pass::Hold => {
                self.state.held.fetch_add(1, Ordering::SeqCst);
                self.held.push(frame);
                Some(())
            }
            Pass::Lose => Some(()),
            Pass::CutAfter => {
                self.tell_client(frame).await;
                None
            }
        }
    }

    async fn tell_client(&mut self, frame: Value) -> Option<()> {
        if let (Some(tap), Ok(frame)) = (&mut self.tap, serde_json::from_value(frame.clone())) {
            tap.receives(&frame);
        }
        self.down.send(text(&frame)).await.ok()
    }
}

fn text(frame: &Value) -> Frame {
    Frame::text(frame.to_string())
}
