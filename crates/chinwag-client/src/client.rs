//! The handle that an app holds, and how it is made.

use std::{future::Future, pin::Pin, sync::Arc};

use chinwag_proto::{
    ChatId, DeviceId, MessageId, UserId,
    frames::{ReactFrame, Request, SendFrame, ServerFrame},
    http::{EventsPage, HistoryQuery, MessagesPage},
    shapes::{Event, Message, Presence},
};
use tokio::sync::{mpsc, oneshot};

use crate::{
    Backoff, ClientError, ClientEvent, Network,
    driver::{Ask, Driver},
};

type TokenFuture = Pin<Box<dyn Future<Output = Result<String, ClientError>> + Send>>;

/// Where tokens come from: asked at each connection and a minute before one expires.
#[derive(Clone)]
pub struct TokenSource(Arc<dyn Fn() -> TokenFuture + Send + Sync>);

impl TokenSource {
    /// Always gives the same token.
    #[must_use]
    pub fn fixed(token: impl Into<String>) -> Self {
        let token = token.into();
        Self::from_fn(move || {
            let token = token.clone();
            async move { Ok(token) }
        })
    }

    /// Asks a function each time.
    pub fn from_fn<F, T>(source: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<String, ClientError>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(source())))
    }

    /// Asks for a token.
    pub async fn token(&self) -> Result<String, ClientError> {
        (self.0)().await
    }
}

/// How to connect.
#[derive(Clone)]
pub struct Options {
    /// The server, such as `https://chat.example.org`.
    pub url: String,
    /// Where tokens come from.
    pub token: TokenSource,
    /// This device.
    pub device: Option<DeviceId>,
    /// Changes that may wait for the network.
    pub outbox: usize,
    /// Events that may wait for the app; what comes then waits on the network.
    pub events: usize,
    /// When to try again after a connection is lost.
    pub backoff: Backoff,
    /// What the server is reached by; none: TCP.
    pub network: Option<Arc<dyn Network>>,
}

impl Options {
    /// Makes the usual options.
    #[must_use]
    pub fn new(url: impl Into<String>, token: TokenSource) -> Self {
        Self {
            url: url.into(),
            token,
            device: None,
            outbox: 1_000,
            events: 10_000,
            backoff: Backoff::default(),
            network: None,
        }
    }
}

/// What the client is told; ends when the client is closed.
pub struct Events(mpsc::Receiver<ClientEvent>);

impl Events {
    /// Waits for the next event; none once the client is closed.
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.0.recv().await
    }

    /// Returns the next event that has come already.
    pub fn try_next(&mut self) -> Option<ClientEvent> {
        self.0.try_recv().ok()
    }
}

/// A connection to Chinwag that mends itself; cheap to clone.
#[derive(Clone)]
pub struct Client {
    asks: mpsc::Sender<Ask>,
}

impl Client {
    /// Connects, and stays connected until it is closed or dropped.
    ///
    /// Answers at once; the first [`ClientEvent::Online`] tells that everything missed has come.
    #[must_use]
    pub fn connect(options: Options) -> (Self, Events) {
        let (asks, asked) = mpsc::channel(256);
        let (tell, events) = mpsc::channel(options.events);
        tokio::spawn(Driver::new(options, asked, tell).run());
        (Self { asks }, Events(events))
    }

    /// Sends a text; answers when it is durable, however long the network is away.
    pub async fn send(
        &self,
        chat: ChatId,
        content: impl Into<String>,
    ) -> Result<Message, ClientError> {
        self.send_message(SendFrame {
            chat_id: chat,
            client_id: None,
            content: content.into(),
            reply_to: None,
            mentions: Vec::new(),
            metadata: Default::default(),
            timestamp: None,
        })
        .await
    }

    /// Sends a message; it gets a client id where it has none.
    pub async fn send_message(&self, frame: SendFrame) -> Result<Message, ClientError> {
        let chat = frame.chat_id;
        match self.change(chat, Request::Send(frame)).await? {
            ServerFrame::Ack {
                message: Some(message),
                ..
            } => Ok(message),
            other => Err(unexpected(&other)),
        }
    }

    /// Changes a message's content.
    pub async fn edit(
        &self,
        chat: ChatId,
        message: MessageId,
        content: impl Into<String>,
    ) -> Result<Event, ClientError> {
        let request = Request::Edit {
            chat_id: chat,
            message_id: message,
            content: content.into(),
            client_id: None,
        };
        event(self.change(chat, request).await?)
    }

    /// Deletes a message.
    pub async fn delete(&self, chat: ChatId, message: MessageId) -> Result<Event, ClientError> {
        event(
            self.change(
                chat,
                Request::Delete {
                    chat_id: chat,
                    message_id: message,
                    client_id: None,
                },
            )
            .await?,
        )
    }

    /// Puts a reaction on a message, or takes it off.
    pub async fn react(
        &self,
        chat: ChatId,
        message: MessageId,
        key: &str,
        on: bool,
    ) -> Result<Event, ClientError> {
        let frame = ReactFrame {
            chat_id: chat,
            message_id: message,
            key: key.to_owned(),
            client_id: None,
        };
        event(
            self.change(
                chat,
                if on {
                    Request::React(frame)
                } else {
                    Request::Unreact(frame)
                },
            )
            .await?,
        )
    }

    /// Moves the read mark.
    pub async fn read(&self, chat: ChatId, message: MessageId) -> Result<(), ClientError> {
        let request = Request::Read {
            chat_id: chat,
            last_read_message_id: message,
            unread: false,
        };
        self.request(request).await.map(drop)
    }

    /// Moves the delivered mark.
    pub async fn delivered(&self, chat: ChatId, message: MessageId) -> Result<(), ClientError> {
        self.request(Request::Delivered {
            chat_id: chat,
            delivered_message_id: message,
        })
        .await
        .map(drop)
    }

    /// Tells that the user is typing; call it at each key, it is sent at most every 3 s.
    pub async fn typing(&self, chat: ChatId) {
        let _ = self.asks.send(Ask::Typing(chat)).await;
    }

    /// Reads a page of messages.
    pub async fn history(&self, query: HistoryQuery) -> Result<MessagesPage, ClientError> {
        match self.request(Request::History(query)).await? {
            ServerFrame::Messages { page, .. } => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Reads the places after one.
    pub async fn events_after(
        &self,
        chat: ChatId,
        after: chinwag_proto::Seq,
    ) -> Result<EventsPage, ClientError> {
        let request = Request::Events {
            chat_id: chat,
            epoch: None,
            after,
            limit: Some(200),
        };
        match self.request(request).await? {
            ServerFrame::Events { page, .. } => Ok(page),
            other => Err(unexpected(&other)),
        }
    }

    /// Watches users from now on, and no longer watches others; again by itself after a reconnect.
    pub async fn watch(
        &self,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    ) -> Result<Vec<Presence>, ClientError> {
        match self.request(Request::WatchPresence { add, remove }).await? {
            ServerFrame::Presence { users, .. } => Ok(users),
            ServerFrame::Ok { .. } => Ok(Vec::new()),
            other => Err(unexpected(&other)),
        }
    }

    /// Says which chats are on the screen: the heartbeat carries their places, so that a loss shows within 20 s.
    pub async fn on_screen(&self, chats: Vec<ChatId>) {
        let _ = self.asks.send(Ask::OnScreen(chats)).await;
    }

    /// Returns what waits to be acknowledged, in order: each goes out again under its client id until it is answered.
    pub async fn outbox(&self) -> Result<Vec<(ChatId, Request)>, ClientError> {
        let closed = || ClientError::Closed("the client was closed".into());
        let (answer, answered) = oneshot::channel();
        let asked = self.asks.send(Ask::Outbox(answer)).await;
        asked.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())
    }

    /// Tries to connect now, where the client waits for its next try.
    pub async fn retry_now(&self) {
        let _ = self.asks.send(Ask::RetryNow).await;
    }

    /// Closes the connection for good.
    pub async fn close(&self) {
        let _ = self.asks.send(Ask::Close).await;
    }

    /// Asks for anything and waits for the answer; fails where there is no connection.
    pub async fn request(&self, request: Request) -> Result<ServerFrame, ClientError> {
        self.ask(|answer| Ask::Request(request, answer)).await
    }

    async fn change(&self, chat: ChatId, request: Request) -> Result<ServerFrame, ClientError> {
        self.ask(|answer| Ask::Change(chat, request, answer)).await
    }

    async fn ask(
        &self,
        make: impl FnOnce(oneshot::Sender<Result<ServerFrame, ClientError>>) -> Ask,
    ) -> Result<ServerFrame, ClientError> {
        let closed = || ClientError::Closed("the client was closed".into());
        let (answer, answered) = oneshot::channel();
        self.asks.send(make(answer)).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }
}

fn event(frame: ServerFrame) -> Result<Event, ClientError> {
    match frame {
        ServerFrame::Ack {
            event: Some(event), ..
        } => Ok(event),
        other => Err(unexpected(&other)),
    }
}

fn unexpected(_: &ServerFrame) -> ClientError {
    ClientError::Network("the server's answer doesn't fit the question".into())
}
