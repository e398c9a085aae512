//! One connection through the line.

use std::{
    collections::BTreeSet,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use chinwag_client::Stream;
use chinwag_proto::frames::{SUBPROTOCOL, ServerFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::oneshot;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_hdr_async_with_config, client_async_tls_with_config,
    tungstenite::{
        Message as Frame, Utf8Bytes,
        client::IntoClientRequest as _,
        handshake::server::{ErrorResponse, Request, Response},
        http::HeaderValue,
        protocol::WebSocketConfig,
    },
};

use super::{
    Fate, Open, State,
    plant::{Pass, Toward},
};
use crate::{recording::Tap, verify::history_file::HistoryWriter};

/// How long connecting to the server may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the server's side of a connection that fell silent is held: a server closes it after 45 s.
const SILENCE: Duration = Duration::from_secs(60);
/// What a relay reads at once, in bytes.
const READ_BYTES: usize = 8 * 1024;

type Upstream = WebSocketStream<MaybeTlsStream<Box<dyn Stream>>>;

struct Relay {
    state: Arc<State>,
    number: u64,
    down: WebSocketStream<Box<dyn Stream>>,
    up: Upstream,
    tap: Tap<HistoryWriter>,
}

/// Brings a connection to the server, until either side or the line ends it.
pub(super) async fn relay(state: Arc<State>, stream: Box<dyn Stream>) {
    // The server first: a device whose server is away must not think that it is there.
    let Some(up) = connect(&state).await else {
        return;
    };
    let accepted = accept_hdr_async_with_config(stream, with_subprotocol, Some(config()));
    let Ok(down) = accepted.await else {
        return;
    };
    let number = state.made.fetch_add(1, Ordering::Relaxed);
    let (fate, fated) = oneshot::channel();
    state.open.lock().insert(number, Open { user: None, fate });
    let tap = Tap::new(Arc::clone(&state.history), format!("line{number}"));
    let mut relay = Relay {
        state,
        number,
        down,
        up,
        tap,
    };
    let (clean, fate) = tokio::select! {
        biased;
        fate = fated => (false, fate.ok()),
        clean = relay.run() => (clean, None),
    };
    relay.tap.ends(clean);
    relay.state.open.lock().remove(&number);
    relay
        .state
        .clogged
        .send_if_modified(|clogged| clogged.remove(&number));
    if fate == Some(Fate::Hush) {
        tokio::spawn(hold(relay.up));
    }
}

/// Holds the server's side of a connection, and answers nothing.
async fn hold(up: Upstream) {
    tokio::time::sleep(SILENCE).await;
    drop(up);
}

/// Reads little at once: what a read may fill is set to zero before it.
fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(READ_BYTES)
}

async fn connect(state: &State) -> Option<Upstream> {
    let mut request = state.upstream.as_str().into_client_request().ok()?;
    let name = HeaderValue::from_static(SUBPROTOCOL);
    request.headers_mut().insert("Sec-WebSocket-Protocol", name);
    let connecting = async {
        let stream = chinwag_client::connect(request.uri(), state.network.as_deref()).await;
        let upgraded = client_async_tls_with_config(request, stream.ok()?, Some(config()), None);
        Some(upgraded.await.ok()?.0)
    };
    tokio::time::timeout(CONNECT, connecting).await.ok()?
}

/// Waits while a frame is under way, or a connection is clogged.
async fn take_time(state: &State, number: u64) {
    let at_most = state.delay_ms.load(Ordering::Relaxed);
    if at_most > 0 {
        let millis = rand::random_range(0..=at_most);
        tokio::time::sleep(Duration::from_millis(millis)).await;
    }
    if state.clogged.borrow().is_empty() {
        return;
    }
    let mut clogged = state.clogged.subscribe();
    let is_free = |clogged: &BTreeSet<u64>| !clogged.contains(&number);
    let _ = clogged.wait_for(is_free).await;
}

fn with_subprotocol(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    if let Some(name) = request.headers().get("Sec-WebSocket-Protocol") {
        let headers = response.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", name.clone());
    }
    Ok(response)
}

impl Relay {
    /// Passes frames on until one side ends; answers whether it ended by a close frame.
    async fn run(&mut self) -> bool {
        loop {
            let (toward, frame) = tokio::select! {
                frame = self.down.next() => (Toward::Server, frame),
                frame = self.up.next() => (Toward::Client, frame),
            };
            match frame {
                Some(Ok(Frame::Text(text))) => {
                    take_time(&self.state, self.number).await;
                    if self.pass(toward, text).await.is_none() {
                        return false;
                    }
                }
                Some(Ok(Frame::Close(close))) => {
                    let _ = match toward {
                        Toward::Server => self.up.close(close).await,
                        Toward::Client => self.down.close(close).await,
                    };
                    return true;
                }
                // Each side answers pings by itself.
                Some(Ok(_)) => {}
                None | Some(Err(_)) => return false,
            }
        }
    }

    async fn pass(&mut self, toward: Toward, text: Utf8Bytes) -> Option<()> {
        match self.planted(toward, text) {
            Pass::On(text) => self.pass_on(toward, text).await,
            Pass::Lose => Some(()),
            Pass::Both(first, second) => {
                self.pass_on(toward, first).await?;
                self.pass_on(toward, second).await
            }
            Pass::Answer { sent, answer } => {
                self.hear(Toward::Server, &sent);
                self.pass_on(Toward::Client, answer).await
            }
            Pass::Change { sent, instead } => {
                self.hear(Toward::Server, &sent);
                self.up.send(Frame::Text(instead)).await.ok()
            }
        }
    }

    fn planted(&self, toward: Toward, text: Utf8Bytes) -> Pass {
        match &self.state.planted {
            None => Pass::On(text),
            Some(planted) => {
                let user = self.tap.client().map(|client| client.user.as_str());
                planted.lock().meet(toward, user, text)
            }
        }
    }

    async fn pass_on(&mut self, toward: Toward, text: Utf8Bytes) -> Option<()> {
        self.hear(toward, &text);
        match toward {
            Toward::Server => self.up.send(Frame::Text(text)).await.ok(),
            Toward::Client => self.down.send(Frame::Text(text)).await.ok(),
        }
    }

    /// Records a frame: before it leaves, after it came.
    fn hear(&mut self, toward: Toward, text: &str) {
        match toward {
            Toward::Server => {
                if let Ok(frame) = serde_json::from_str(text) {
                    self.tap.sends(&frame);
                }
            }
            Toward::Client => match ServerFrame::from_json(text) {
                Ok(frame) => {
                    self.tap.receives(&frame);
                    self.name(&frame);
                }
                Err(_) => {
                    self.state.unknown.fetch_add(1, Ordering::Relaxed);
                }
            },
        }
    }

    fn name(&self, frame: &ServerFrame) {
        if let ServerFrame::Ready { user_id, .. } = frame
            && let Some(open) = self.state.open.lock().get_mut(&self.number)
        {
            open.user = Some(user_id.to_string());
        }
    }
}
