//! What ends a credential closes its sessions, within a second.

use std::time::Duration;

use chinwag_proto::UserId;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use crate::server::TestServer;

pub(crate) struct Session {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    id: String,
}

impl Session {
    /// Connects and authenticates.
    pub(crate) async fn open(server: &TestServer, token: &str) -> Self {
        let (stream, _) = connect_async(format!("ws://{}/v1/ws", server.address()))
            .await
            .unwrap();
        let mut session = Self {
            stream,
            id: String::new(),
        };
        session
            .send(&json!({"type": "auth", "id": 1, "token": token}))
            .await;
        let ready = session.next().await.unwrap();
        assert_eq!(ready["type"], "ready");
        session.id = ready["sessionId"].as_str().unwrap().to_owned();
        session
    }

    async fn send(&mut self, frame: &Value) {
        self.stream
            .send(Message::text(frame.to_string()))
            .await
            .unwrap();
    }

    /// Waits for the next frame; the error is the code that the server closed with.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match self.stream.next().await.unwrap().unwrap() {
                Message::Text(text) => return Ok(serde_json::from_str(&text).unwrap()),
                Message::Close(Some(close)) => return Err(close.code.into()),
                Message::Close(None) => return Err(0),
                _ => {}
            }
        }
    }

    /// Waits for the close and returns its code.
    async fn closed(mut self) -> u16 {
        // The bound that the protocol names, apart from this machine's own slowness.
        let wait = async {
            loop {
                if let Err(code) = self.next().await {
                    return code;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(4), wait)
            .await
            .expect("the session stays open")
    }

    /// Checks that the session still answers.
    pub(crate) async fn answers(&mut self) {
        self.send(&json!({"type": "events", "id": 99, "chatId": "1", "after": 0}))
            .await;
        loop {
            if self.next().await.unwrap()["id"] == 99 {
                return;
            }
        }
    }
}

async fn token_of(server: &TestServer, user: &str) -> String {
    let user = UserId::new(user).unwrap();
    server
        .server
        .node()
        .user_accounts()
        .token_for(&user)
        .await
        .unwrap()
        .token
}

#[tokio::test]
async fn disabling_a_user_closes_all_sessions_and_nobody_elses() {
    let server = TestServer::start().await;
    let (ana, bo, key) = (
        server.user("ana").await,
        server.user("bo").await,
        server.key().await,
    );
    let phone = Session::open(&server, &ana).await;
    let laptop = Session::open(&server, &ana).await;
    let mut other = Session::open(&server, &bo).await;
    server
        .post("/v1/users/ana/disable", &key, "")
        .await
        .expect(200);
    assert_eq!((phone.closed().await, laptop.closed().await), (4503, 4503));
    other.answers().await;
}

#[tokio::test]
async fn revoking_closes_sessions_of_earlier_tokens() {
    let server = TestServer::start().await;
    let (ana, key) = (server.user("ana").await, server.key().await);
    let old = Session::open(&server, &ana).await;
    server
        .post("/v1/users/ana/revoke", &key, "")
        .await
        .expect(200);
    assert_eq!(old.closed().await, 4503);
    let mut fresh = Session::open(&server, &token_of(&server, "ana").await).await;
    fresh.answers().await;
}

#[tokio::test]
async fn logging_out_closes_the_sessions_of_that_token_alone() {
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    let other = token_of(&server, "ana").await;
    let phone = Session::open(&server, &ana).await;
    let mut laptop = Session::open(&server, &other).await;
    server.post("/v1/auth/logout", &ana, "").await.expect(204);
    assert_eq!(phone.closed().await, 4503);
    laptop.answers().await;
}

#[tokio::test]
async fn a_new_password_closes_every_session_so_far() {
    let server = TestServer::start().await;
    let body = r#"{"userId":"ana","password":"correct horse"}"#;
    let ana = server
        .post("/v1/auth/register", "", body)
        .await
        .expect(201)
        .json();
    let ana = ana["token"].as_str().unwrap();
    let session = Session::open(&server, ana).await;
    let body = r#"{"password":"correct horse","newPassword":"battery staple"}"#;
    server
        .post("/v1/auth/password", ana, body)
        .await
        .expect(200);
    assert_eq!(session.closed().await, 4503);
}

#[tokio::test]
async fn removing_a_user_closes_all_sessions() {
    let server = TestServer::start().await;
    let (ana, key) = (server.user("ana").await, server.key().await);
    let session = Session::open(&server, &ana).await;
    server
        .send("DELETE", "/v1/users/ana", &key, "")
        .await
        .expect(204);
    assert_eq!(session.closed().await, 4503);
}

#[tokio::test]
async fn a_user_lists_and_ends_own_sessions() {
    let server = TestServer::start().await;
    let (ana, bo) = (server.user("ana").await, server.user("bo").await);
    let one = Session::open(&server, &ana).await;
    let mut other = Session::open(&server, &ana).await;
    let sessions = server.get("/v1/sessions", &ana).await.expect(200).json();
    let ids: Vec<_> = sessions["sessions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.contains(&json!(one.id)) && ids.contains(&json!(other.id)));
    let path = format!("/v1/sessions/{}", one.id);
    server.send("DELETE", &path, &bo, "").await.expect(404);
    server.send("DELETE", &path, &ana, "").await.expect(204);
    assert_eq!(one.closed().await, 4503);
    other.answers().await;
    server
        .send("DELETE", "/v1/sessions", &ana, "")
        .await
        .expect(204);
    assert_eq!(other.closed().await, 4503);
}

#[tokio::test]
async fn a_foreign_origin_is_refused_before_the_upgrade() {
    let server = TestServer::with(&[("public.origins", "https://chat.example")]).await;
    let upgrade = async |origin: &str| {
        let head = format!(
            "GET /v1/ws HTTP/1.1\r\nHost: chat.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{origin}\r\n"
        );
        status_of(&server, &head).await
    };
    assert_eq!(upgrade("").await, 101);
    assert_eq!(upgrade("Origin: https://Chat.example:443\r\n").await, 101);
    for foreign in [
        "null",
        "https://evil.example",
        "https://chat.example.evil.example",
        "http://chat.example",
    ] {
        assert_eq!(
            upgrade(&format!("Origin: {foreign}\r\n")).await,
            403,
            "{foreign}"
        );
    }
}

#[tokio::test]
async fn a_proxy_may_upgrade_a_connection_that_it_used_before() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let server = TestServer::start().await;
    let ana = server.user("ana").await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = [0; 2_048];
    assert!(stream.read(&mut answer).await.unwrap() > 0);
    let request = format!("ws://{}/v1/ws", server.address());
    let (stream, _) = tokio_tungstenite::client_async(request, stream)
        .await
        .unwrap();
    let mut stream = stream;
    let auth = json!({"type": "auth", "id": 1, "token": ana}).to_string();
    stream.send(Message::text(auth)).await.unwrap();
    let ready = stream.next().await.unwrap().unwrap();
    assert!(ready.to_text().unwrap().contains("\"ready\""));
}

async fn status_of(server: &TestServer, head: &str) -> u16 {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut line = [0; 12];
    stream.read_exact(&mut line).await.unwrap();
    std::str::from_utf8(&line[9..]).unwrap().parse().unwrap()
}
