//! A session of the coordinator's own: from connecting to being in sync, frame by frame.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail, ensure};
use chinwag_proto::{
    ChatId, UserId,
    frames::{ClientFrame, LogFrame, Place, Request, SUBPROTOCOL, ServerFrame},
    http::{SyncChat, SyncRequest},
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Message, client::IntoClientRequest as _, http::HeaderValue, protocol::WebSocketConfig,
    },
};

use crate::bench::plan::Node;

/// Many sessions are held at a time, and answers to a sync of one chat are short.
const READ_BYTES: usize = 4 * 1024;
/// Answers that one sync may be made of.
const STEPS: usize = 100;

/// A session.
pub(super) struct Session {
    stream: WebSocketStream<TcpStream>,
    asked: u64,
}

/// What a sync brought.
pub(super) struct Synced {
    /// Where to go on the next time.
    pub(super) token: String,
    /// The chats that changed.
    pub(super) chats: Vec<SyncChat>,
    /// What came live meanwhile.
    pub(super) live: Vec<LogFrame>,
}

impl Session {
    /// Connects, and returns once the session stands.
    pub(super) async fn open(node: &Node, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(node.socket).await;
        let stream = stream.context("can't connect")?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{}/v1/ws", node.host).into_client_request()?;
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        let headers = request.headers_mut();
        headers.insert("Sec-WebSocket-Protocol", subprotocol);
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0);
        let upgraded = client_async_with_config(request, stream, Some(config)).await;
        let (stream, _) = upgraded.context("no upgrade")?;
        let mut session = Self { stream, asked: 0 };
        let auth = Request::Auth {
            token: token.to_owned(),
            device_id: None,
        };
        session.say(auth).await?;
        loop {
            match session.hear().await? {
                ServerFrame::Ready { .. } => return Ok(session),
                ServerFrame::Error { error, .. } => bail!("no session: {error}"),
                _ => {}
            }
        }
    }

    /// Asks what changed until that is all.
    pub(super) async fn sync(
        &mut self,
        mut since: Option<String>,
        places: &BTreeMap<ChatId, Place>,
    ) -> Result<Synced> {
        let (mut chats, mut live) = (Vec::new(), Vec::new());
        for _ in 0..STEPS {
            let request = SyncRequest {
                since: since.take(),
                chats: places.clone(),
            };
            self.say(Request::Sync(request)).await?;
            let answer = loop {
                match self.hear().await? {
                    ServerFrame::Sync { id, answer } if id == Some(self.asked) => break answer,
                    ServerFrame::Error { error, .. } => bail!("no sync: {error}"),
                    ServerFrame::Log(frame) => live.push(frame),
                    _ => {}
                }
            };
            ensure!(answer.left.is_empty(), "a sync says that chats were left");
            chats.extend(answer.chats);
            let token = answer.token;
            if answer.complete {
                return Ok(Synced { token, chats, live });
            }
            since = Some(token);
        }
        bail!("a sync isn't complete after {STEPS} answers")
    }

    /// Watches the presence of some, and of others no more; returns once that is answered.
    pub(super) async fn watch(&mut self, add: Vec<UserId>, remove: Vec<UserId>) -> Result<()> {
        self.say(Request::WatchPresence { add, remove }).await?;
        loop {
            match self.hear().await? {
                ServerFrame::Presence { id, .. } | ServerFrame::Ok { id }
                    if id == Some(self.asked) =>
                {
                    return Ok(());
                }
                ServerFrame::Error { error, .. } => bail!("not watched: {error}"),
                _ => {}
            }
        }
    }

    async fn say(&mut self, request: Request) -> Result<()> {
        self.asked += 1;
        let id = Some(self.asked);
        let text = serde_json::to_string(&ClientFrame { id, request })?;
        Ok(self.stream.send(Message::text(text)).await?)
    }

    async fn hear(&mut self) -> Result<ServerFrame> {
        loop {
            let frame = self.stream.next().await.context("the connection ended")?;
            match frame? {
                Message::Text(text) => return Ok(ServerFrame::from_json(&text)?),
                Message::Close(Some(close)) => {
                    bail!("closed with {}: {}", close.code, close.reason)
                }
                Message::Close(None) => bail!("closed without a code"),
                _ => {}
            }
        }
    }
}
