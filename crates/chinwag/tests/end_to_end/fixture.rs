//! A server on a port of its own, people, and raw sockets.

use std::{sync::Arc, time::Duration};

use chinwag_backends::fjall::OpenError;
use chinwag_client::{Client, ClientEvent, Events, Http, Options, TokenSource};
use chinwag_core::{Clock, SystemClock};
use chinwag_proto::{
    ChatId, UserId,
    frames::{LogBody, LogFrame},
    http::{CreateChat, Register},
    shapes::{HistoryVisible, Message},
};
use chinwag_server::{Server, config::Config, error::StartError, wiring::Opening};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message as Frame,
};

/// How long anything may take before a test fails: generous, since the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn user(name: &str) -> UserId {
    UserId::new(name).unwrap()
}

/// A server in this process.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) directory: TempDir,
    clock: Arc<dyn Clock>,
    settings: Vec<(String, String)>,
}

impl Running {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_by(Arc::new(SystemClock::default()), settings).await
    }

    /// Starts a server that goes by a clock of the test's.
    pub(crate) async fn start_by(clock: Arc<dyn Clock>, settings: &[(&str, &str)]) -> Self {
        Self::open(tempfile::tempdir().unwrap(), clock, owned(settings)).await
    }

    /// Stops the server in order and starts it again on the same data.
    pub(crate) async fn restart(self) -> Self {
        self.server.shutdown().await;
        Self::open(self.directory, self.clock, self.settings).await
    }

    /// Stops the server in order and starts it on the same data under other settings.
    pub(crate) async fn restart_with(mut self, settings: &[(&str, &str)]) -> Self {
        self.settings = owned(settings);
        self.restart().await
    }

    async fn open(
        directory: TempDir,
        clock: Arc<dyn Clock>,
        settings: Vec<(String, String)>,
    ) -> Self {
        let data = directory.path().join("data");
        let mut pairs = vec![
            ("listen", "127.0.0.1:0"),
            ("data_dir", data.to_str().unwrap()),
        ];
        pairs.extend(
            settings
                .iter()
                .map(|(key, value)| (key.as_str(), value.as_str())),
        );
        let starting = async {
            loop {
                let opening = Opening {
                    clock: Arc::clone(&clock),
                    ..Opening::default()
                };
                let config = Config::of(&pairs).unwrap();
                match Server::start_with(config, opening).await {
                    // A read that nobody waits for any more holds the directory for a moment.
                    Err(StartError::Store(OpenError::Locked { .. })) => {
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                    started => return started.unwrap(),
                }
            }
        };
        let server = tokio::time::timeout(PATIENCE, starting)
            .await
            .expect("a server that was stopped lets its directory go");
        Self {
            server,
            directory,
            clock,
            settings,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.server.local_addr().unwrap())
    }

    /// Makes an account without the cost of a password.
    pub(crate) async fn person(&self, name: &str) -> Person {
        let accounts = self.server.node().user_accounts();
        accounts.put_user(&user(name), None).await.unwrap();
        let token = accounts.token_for(&user(name)).await.unwrap().token;
        Person {
            url: self.url(),
            id: user(name),
            http: Http::new(self.url()).with_token(&token),
            token,
        }
    }

    /// Makes an account as a stranger does.
    pub(crate) async fn register(&self, name: &str, password: &str) -> String {
        let register = Register {
            user_id: name.into(),
            name: None,
            password: password.into(),
        };
        Http::new(self.url())
            .register(&register)
            .await
            .unwrap()
            .token
    }
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = settings.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// Somebody with a token.
pub(crate) struct Person {
    pub(crate) url: String,
    pub(crate) id: UserId,
    pub(crate) token: String,
    pub(crate) http: Http,
}

impl Person {
    /// Connects a device by the Rust client and waits until it is in sync.
    pub(crate) async fn device(&self) -> Device {
        self.device_at(&self.url).await
    }

    /// Connects a device by another way than straight to the server.
    pub(crate) async fn device_at(&self, url: &str) -> Device {
        let options = Options::new(url, TokenSource::fixed(&self.token));
        let (client, events) = Client::connect(options);
        let mut device = Device {
            client,
            events,
            logs: Vec::new(),
        };
        device
            .until(|event| matches!(event, ClientEvent::Online))
            .await;
        device
    }

    /// Connects a raw socket and authenticates.
    pub(crate) async fn socket(&self) -> Socket {
        Socket::open(&self.url)
            .await
            .authenticated(&self.token)
            .await
    }

    pub(crate) async fn direct(&self, other: &Person) -> ChatId {
        let direct = CreateChat::Direct {
            user_id: other.id.clone(),
            client_id: None,
        };
        self.http.create_chat(&direct).await.unwrap().id
    }

    pub(crate) async fn group(&self, others: &[&Person]) -> ChatId {
        let group = CreateChat::Group {
            name: "tea".into(),
            members: others.iter().map(|person| person.id.clone()).collect(),
            history_visible: HistoryVisible::All,
            client_id: None,
        };
        self.http.create_chat(&group).await.unwrap().id
    }
}

/// A device in sync, with what it was told.
pub(crate) struct Device {
    pub(crate) client: Client,
    events: Events,
    logs: Vec<LogFrame>,
}

impl Device {
    /// Waits for an event, and keeps the places told meanwhile.
    pub(crate) async fn until(
        &mut self,
        mut found: impl FnMut(&ClientEvent) -> bool,
    ) -> ClientEvent {
        let waiting = async {
            loop {
                let event = self.events.next().await.expect("the client goes on");
                if let ClientEvent::Log(frame) = &event {
                    self.logs.push((**frame).clone());
                }
                if found(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .expect("the event came in time")
    }

    /// Waits until a message with that content is shown.
    pub(crate) async fn until_said(&mut self, content: &str) -> Message {
        let shown = |frame: &LogFrame| match &frame.body {
            LogBody::Message { message } if message.content == content => Some(message.clone()),
            _ => None,
        };
        if let Some(message) = self.logs.iter().find_map(shown) {
            return message;
        }
        let event = self
            .until(|event| matches!(event, ClientEvent::Log(frame) if shown(frame).is_some()))
            .await;
        match event {
            ClientEvent::Log(frame) => shown(&frame).unwrap(),
            _ => unreachable!("only a place of a log was waited for"),
        }
    }

    /// Returns what messages of a chat were shown, in the order in which they were.
    pub(crate) fn shown(&self, chat: ChatId) -> Vec<String> {
        let message = |frame: &LogFrame| match &frame.body {
            LogBody::Message { message } if frame.chat_id == chat => Some(message.content.clone()),
            _ => None,
        };
        self.logs.iter().filter_map(message).collect()
    }
}

/// A raw WebSocket.
pub(crate) struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    asked: u64,
}

impl Socket {
    pub(crate) async fn open(url: &str) -> Self {
        let url = format!("{}/v1/ws", url.replacen("http", "ws", 1));
        Self {
            stream: connect_async(url).await.unwrap().0,
            asked: 1_000,
        }
    }

    /// Authenticates by the first frame.
    pub(crate) async fn authenticated(mut self, token: &str) -> Self {
        self.say(json!({"type": "auth", "id": 1, "token": token}))
            .await;
        assert_eq!(self.hear().await["type"], "ready");
        self
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.send(Frame::text(frame.to_string())).await;
    }

    pub(crate) async fn send(&mut self, frame: Frame) {
        self.stream.send(frame).await.unwrap();
    }

    /// Asks and waits for the answer; what comes before it is left out.
    pub(crate) async fn ask(&mut self, mut request: Value) -> Value {
        self.asked += 1;
        request["id"] = self.asked.into();
        self.say(request).await;
        loop {
            let frame = self.hear().await;
            if frame["id"] == self.asked {
                return frame;
            }
        }
    }

    /// Waits until the server asks by a ping whether anybody is there, and answers; returns what came before.
    pub(crate) async fn pinged(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        let pinged = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Frame::Ping(_))) => break self.stream.flush().await.unwrap(),
                    Some(Ok(Frame::Text(text))) => heard.push(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Frame::Pong(_) | Frame::Binary(_) | Frame::Frame(_))) => {}
                    ended => panic!("no ping, but {ended:?}"),
                }
            }
        };
        tokio::time::timeout(PATIENCE, pinged)
            .await
            .expect("a ping came in time");
        heard
    }

    /// Waits for the next frame with JSON in it.
    pub(crate) async fn hear(&mut self) -> Value {
        match self.next().await {
            Ok(frame) => frame,
            Err(code) => panic!("closed with {code:?}"),
        }
    }

    /// Waits for a frame of a type.
    pub(crate) async fn hear_of(&mut self, kind: &str) -> Value {
        let waiting = async {
            loop {
                let frame = self.hear().await;
                if frame["type"] == kind {
                    return frame;
                }
            }
        };
        // Pings go on for ever, so each frame's own patience wouldn't end it.
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("no {kind:?} came in time"))
    }

    /// Waits for the close frame and returns its code.
    pub(crate) async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// Waits for the next frame with JSON in it, or for the end and its code.
    pub(crate) async fn next(&mut self) -> Result<Value, Option<u16>> {
        let coming = async {
            loop {
                match self.stream.next().await {
                    Some(Ok(Frame::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                    Some(Ok(Frame::Close(Some(close)))) => return Err(Some(close.code.into())),
                    None | Some(Err(_) | Ok(Frame::Close(None))) => return Err(None),
                    Some(Ok(_)) => {}
                }
            }
        };
        tokio::time::timeout(PATIENCE, coming)
            .await
            .expect("a frame came in time")
    }
}
