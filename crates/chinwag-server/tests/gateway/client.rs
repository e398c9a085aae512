//! A client that says what it is told and keeps nothing back.

use std::{net::SocketAddr, time::Duration};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

/// How long a test waits for what must come; only a failing test waits so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A session, or what is to become one.
pub(crate) struct Client {
    pub(crate) stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub(crate) session: String,
    next_id: u64,
}

impl Client {
    /// Connects and says nothing.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::connect_with(address, None).await
    }

    /// Connects, with a token in the head of the request.
    pub(crate) async fn connect_with(address: SocketAddr, token: Option<&str>) -> Self {
        let credential = token.map(|token| format!("Bearer {token}"));
        Self::connect_with_credentials(address, credential.as_slice()).await
    }

    /// Connects, with lines of `Authorization` in the head of the request.
    pub(crate) async fn connect_with_credentials(
        address: SocketAddr,
        credentials: &[String],
    ) -> Self {
        let mut request = format!("ws://{address}/v1/ws")
            .into_client_request()
            .unwrap();
        for credential in credentials {
            let value = credential.parse().unwrap();
            request.headers_mut().append("authorization", value);
        }
        let (stream, _) = connect_async(request).await.unwrap();
        Self {
            stream,
            session: String::new(),
            next_id: 100,
        }
    }

    /// Connects and authenticates.
    pub(crate) async fn open(address: SocketAddr, token: &str) -> Self {
        let mut client = Self::connect(address).await;
        let ready = client.ask(json!({"type": "auth", "token": token})).await;
        assert_eq!(ready["type"], "ready", "{ready}");
        client.session = ready["sessionId"].as_str().unwrap().to_owned();
        client
    }

    pub(crate) async fn say(&mut self, frame: &Value) {
        let text = Message::text(frame.to_string());
        self.stream.send(text).await.unwrap();
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.stream.send(Message::text(text)).await.unwrap();
    }

    /// Sends a request and returns its number.
    pub(crate) async fn request(&mut self, mut frame: Value) -> u64 {
        self.next_id += 1;
        frame["id"] = self.next_id.into();
        self.say(&frame).await;
        self.next_id
    }

    /// Sends a request and waits for its answer; events that come before are dropped.
    pub(crate) async fn ask(&mut self, frame: Value) -> Value {
        let id = self.request(frame).await;
        self.until(|frame| frame["id"] == id).await
    }

    /// Waits for the next frame; the error is the code that the server closed with, 0 where there is none.
    pub(crate) async fn receive(&mut self) -> Result<Value, u16> {
        let received = tokio::time::timeout(PATIENCE, self.receive_patiently());
        received.await.expect("nothing comes")
    }

    async fn receive_patiently(&mut self) -> Result<Value, u16> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(Some(close)))) => return Err(close.code.into()),
                Some(Ok(Message::Close(None)) | Err(_)) | None => return Err(0),
                Some(Ok(_)) => {}
            }
        }
    }

    pub(crate) async fn next(&mut self) -> Value {
        let frame = self.receive().await;
        frame.unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// Waits for a frame that is as wanted, dropping those before.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await;
            if wanted(&frame) {
                return frame;
            }
        }
    }

    pub(crate) async fn until_type(&mut self, kind: &str) -> Value {
        self.until(|frame| frame["type"] == kind).await
    }

    /// Waits for the message with a content; returns the types of all frames that came before.
    pub(crate) async fn before_message(&mut self, content: &str) -> Vec<Value> {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["message"]["content"] == content {
                return before;
            }
            before.push(frame);
        }
    }

    /// Waits for the close and returns its code.
    pub(crate) async fn closed(&mut self) -> u16 {
        loop {
            if let Err(code) = self.receive().await {
                return code;
            }
        }
    }

    /// Asks for something that changes nothing, so that all that was sent before has come; returns the events.
    pub(crate) async fn settled(&mut self) -> Vec<Value> {
        let id = self.request(json!({"type": "heartbeat"})).await;
        let mut events = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["id"] == id {
                return events;
            }
            events.push(frame);
        }
    }

    /// Sends a message and returns the acknowledgement.
    pub(crate) async fn send(&mut self, chat: chinwag_proto::ChatId, content: &str) -> Value {
        let ack = self
            .ask(json!({"type": "send", "chatId": chat, "content": content}))
            .await;
        assert_eq!(ack["type"], "ack", "{ack}");
        ack
    }
}
