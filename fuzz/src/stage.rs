//! A whole server over engines in memory, with people in a chat of whom one only listens.

use std::{cell::RefCell, net::Ipv4Addr, sync::Arc};

use axum::{Router, body::Body};
use chinwag_core::{SystemClock, memory::Memory};
use chinwag_proto::UserId;
use chinwag_server::{api::Peer, config::Config, node::Node, running::Running, wiring::Ports};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{io::DuplexStream, runtime::Runtime};
use tower_service::Service as _;

use crate::{client::Client, pieces::runtime};

/// After so many inputs it is built anew, or the chat would have no end.
const INPUTS: u32 = 200;
/// The largest answer.
const ANSWER: usize = 16 << 20;

thread_local! {
    static STAGE: RefCell<Option<(Runtime, Stage)>> = const { RefCell::new(None) };
}

/// A server and who is there.
pub(crate) struct Stage {
    running: Running,
    api: Router,
    /// Ana's token, who owns the chat and does what the input says.
    pub(crate) token: String,
    pub(crate) key: String,
    pub(crate) chat: String,
    pub(crate) message: String,
    /// Ben's connection and token, who is a member and only listens.
    beside: (Client, String),
    pub(crate) inputs: u32,
    is_spoilt: bool,
    _directory: TempDir,
}

/// What the API answered.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) is_problem: bool,
    /// Null where it isn't JSON.
    pub(crate) body: Value,
}

/// Does something on the stage, then checks that Ben can go on as if nothing had been.
pub(crate) fn play(act: impl AsyncFnOnce(&mut Stage)) {
    STAGE.with_borrow_mut(|stage| {
        let (runtime, stage) = stage.get_or_insert_with(|| {
            let runtime = runtime();
            let stage = runtime.block_on(Stage::set());
            (runtime, stage)
        });
        runtime.block_on(async {
            stage.inputs += 1;
            act(stage).await;
            stage.go_on_beside().await;
        });
    });
    STAGE.with_borrow_mut(|stage| {
        if stage.as_ref().is_some_and(|(_, stage)| stage.is_over()) {
            *stage = None;
        }
    });
}

impl Stage {
    async fn set() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data_dir = directory.path().to_str().unwrap();
        let config = Config::of(&[
            ("data_dir", data_dir),
            ("limits.rates", "off"),
            ("storage.min_free", "0"),
        ]);
        let config = config.unwrap();
        let memory = Memory::new(Arc::new(SystemClock::default()));
        let running = Running::over(&config, Ports::in_memory(&memory)).await;
        Self::peopled(running.unwrap(), directory).await
    }

    async fn peopled(running: Running, directory: TempDir) -> Self {
        let node = running.node();
        let (_, key) = node.user_accounts().add_key("the app").await.unwrap();
        let mut api = node.router();
        for name in ["ana", "ben", "cem"] {
            let path = format!("/v1/users/{name}");
            let named = json!({"name": name}).to_string();
            let made = ask(&mut api, "PUT", &path, Some(&key), named.into_bytes()).await;
            assert!(made.unwrap().status < 300);
        }
        let token_of = async |name: &str| {
            let user = UserId::new(name).unwrap();
            node.user_accounts().token_for(&user).await.unwrap().token
        };
        let (token, listens) = (token_of("ana").await, token_of("ben").await);
        let group = json!({"type": "group", "name": "tea", "members": ["ben"]}).to_string();
        let chat = ask(&mut api, "POST", "/v1/chats", Some(&token), group.into()).await;
        let chat = id(&chat.unwrap());
        let said = json!({"chatId": chat, "content": "hello"}).to_string();
        let message = ask(&mut api, "POST", "/v1/messages", Some(&token), said.into()).await;
        let message = id(&message.unwrap());
        let mut beside = Client::open(running_stream(&running)).await;
        beside.sign_in(&listens).await;
        Self {
            api,
            token,
            key,
            chat,
            message,
            beside: (beside, listens),
            inputs: 0,
            is_spoilt: false,
            running,
            _directory: directory,
        }
    }

    pub(crate) fn node(&self) -> &Arc<Node> {
        self.running.node()
    }

    /// Opens a connection of bytes to the server.
    pub(crate) fn stream(&self) -> DuplexStream {
        running_stream(&self.running)
    }

    /// Puts ids that are there in the place of their names.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("<chat>", &self.chat)
            .replace("<message>", &self.message)
    }

    /// Asks the API; nothing where HTTP has no such request.
    pub(crate) async fn ask(
        &mut self,
        method: &str,
        path: &str,
        credential: Option<&str>,
        body: Vec<u8>,
    ) -> Option<Reply> {
        ask(&mut self.api, method, path, credential, body).await
    }

    /// Ben hears of all, is answered, and can read the chat, unless somebody who may do so has ended that.
    async fn go_on_beside(&mut self) {
        if !self.beside.0.is_answered().await {
            self.is_spoilt = true;
        }
        let history = format!("/v1/chats/{}/events?limit=100", self.chat);
        let search = "/v1/search?q=hello".to_owned();
        for path in [history, "/v1/sync".into(), "/v1/chats".into(), search] {
            let ben = self.beside.1.clone();
            let reply = self.ask("GET", &path, Some(&ben), Vec::new()).await;
            let reply = reply.unwrap();
            assert!(reply.status < 500, "{path}: {reply:?}");
            self.is_spoilt |= reply.status != 200;
        }
    }

    fn is_over(&self) -> bool {
        self.is_spoilt || self.inputs >= INPUTS
    }
}

fn running_stream(running: &Running) -> DuplexStream {
    let (near, far) = tokio::io::duplex(1 << 20);
    tokio::spawn(running.serve(far));
    near
}

async fn ask(
    api: &mut Router,
    method: &str,
    path: &str,
    credential: Option<&str>,
    body: Vec<u8>,
) -> Option<Reply> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(credential) = credential {
        request = request.header("authorization", format!("Bearer {credential}"));
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    let mut request = request.body(Body::from(body)).ok()?;
    request
        .extensions_mut()
        .insert(Peer(Ipv4Addr::LOCALHOST.into()));
    let answer = api
        .call(request)
        .await
        .unwrap_or_else(|never| match never {});
    let (head, body) = answer.into_parts();
    let kind = head.headers.get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let body = axum::body::to_bytes(body, ANSWER).await.unwrap();
    let body = if kind.contains("json") {
        serde_json::from_slice(&body).unwrap()
    } else {
        Value::Null
    };
    Some(Reply {
        status: head.status.as_u16(),
        is_problem: kind == "application/problem+json",
        body,
    })
}

fn id(made: &Reply) -> String {
    assert!(made.status < 300, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}
