//! A server of a test's own, and a client that sends what it is told, byte for byte.

use std::{collections::HashMap, net::SocketAddr};

use chinwag_server::Server;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UnixStream},
};

use crate::starting::started;

/// A server on a free port and a directory of its own.
pub(crate) struct TestServer {
    pub(crate) server: Server,
    pub(crate) directory: tempfile::TempDir,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Returns the problem's code, having checked that it is a problem of the status.
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.headers["content-type"], "application/problem+json",
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn pointer(&self) -> String {
        self.json()["errors"][0]["pointer"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl TestServer {
    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let server = Self::on(&directory, settings).await;
        Self { server, directory }
    }

    pub(crate) async fn on(directory: &tempfile::TempDir, settings: &[(&str, &str)]) -> Server {
        let data_dir = directory.path().join("data");
        let mut all = vec![
            ("listen", "127.0.0.1:0"),
            ("data_dir", data_dir.to_str().unwrap()),
            ("limits.rates", "off"),
            ("storage.min_free", "0"),
        ];
        all.extend(settings);
        started(&all).await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.local_addr().unwrap()
    }

    /// Makes a user and returns a token.
    pub(crate) async fn user(&self, id: &str) -> String {
        let user = chinwag_proto::UserId::new(id).unwrap();
        let accounts = self.server.node().user_accounts();
        accounts.put_user(&user, None).await.unwrap();
        accounts.token_for(&user).await.unwrap().token
    }

    /// Makes an API key.
    pub(crate) async fn key(&self) -> String {
        self.server
            .node()
            .user_accounts()
            .add_key("test")
            .await
            .unwrap()
            .1
    }

    /// Sends a request with JSON, or without a body where it is empty.
    pub(crate) async fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Reply {
        let headers = if token.is_empty() {
            String::new()
        } else {
            format!("Authorization: Bearer {token}\r\n")
        };
        self.send_with(method, path, &headers, body.as_bytes())
            .await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.send("GET", path, token, "").await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &str) -> Reply {
        self.send("POST", path, token, body).await
    }

    /// Sends a request with header lines, each with its end.
    pub(crate) async fn send_with(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> Reply {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Length: {}\r\n", body.len())
        };
        let host = if headers.contains("Host:") {
            ""
        } else {
            "Host: localhost\r\n"
        };
        let head =
            format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{headers}{length}\r\n");
        self.raw(&[head.as_bytes(), body].concat()).await
    }

    /// Sends bytes and reads until the server closes.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        // A refusal may come before everything is sent.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        parse(&answer)
    }

    /// Makes a direct chat and returns its id.
    pub(crate) async fn direct(&self, token: &str, other: &str) -> String {
        let body = serde_json::json!({"type": "direct", "userId": other}).to_string();
        let chat = self.post("/v1/chats", token, &body).await.expect(201);
        chat.json()["id"].as_str().unwrap().to_owned()
    }

    /// Sends a message and returns its id.
    pub(crate) async fn message(&self, token: &str, chat: &str, content: &str) -> String {
        let body = serde_json::json!({"chatId": chat, "content": content}).to_string();
        let message = self.post("/v1/messages", token, &body).await.expect(201);
        message.json()["id"].as_str().unwrap().to_owned()
    }

    /// Sends a request over the control socket.
    pub(crate) async fn control(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Reply {
        let mut stream = UnixStream::connect(self.server.control_path())
            .await
            .unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        parse(&answer)
    }
}

fn parse(answer: &[u8]) -> Reply {
    let text = String::from_utf8(answer.to_vec()).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_ascii_lowercase(), value.trim().to_owned())
    };
    Reply {
        status,
        headers: lines.map(header).collect(),
        text: body.to_owned(),
    }
}
