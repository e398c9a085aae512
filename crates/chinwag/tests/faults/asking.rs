//! Somebody who goes on asking while something is broken, and holds that there is an answer each time, and soon.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use chinwag_load::check::{
    history::{Ack, Client, Given, Intent, Op, Outcome, What},
    value::{Digest, Id},
};
use chinwag_proto::{ChatId, Problem, shapes::Message};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;
use tokio::{task::JoinHandle, time::Instant};

use crate::{proxy::History, tokens::token};

/// Who asks: a member of every group, on no device.
pub(crate) const ASKER: &str = "zed";
/// How late an answer may come: 2 s is what is promised, the rest is for a machine that is busy. A hang takes longer.
const AT_MOST: Duration = Duration::from_secs(5);

/// What became of questions.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// Those that were answered.
    pub(crate) answers: usize,
    /// Those that got an error that says "try again".
    pub(crate) errors: usize,
}

/// Asks until it is stopped.
pub(crate) struct Asking {
    stopped: Arc<AtomicBool>,
    asking: Vec<JoinHandle<Asked>>,
}

impl Asking {
    /// Asks nodes for all that is done with a chat, each kind on its own, so that none waits for another.
    pub(crate) fn start(history: &History, nodes: &[&str], chat: ChatId) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let kinds = [Kind::Send, Kind::History, Kind::Chats, Kind::Sync];
        let each = nodes
            .iter()
            .flat_map(|node| kinds.map(|kind| (*node, kind)));
        let asking = each.map(|(node, kind)| {
            let asker = Asker {
                http: reqwest::Client::new(),
                node: node.to_owned(),
                history: Arc::clone(history),
                chat,
                kind,
            };
            tokio::spawn(asker.ask(Arc::clone(&stopped)))
        });
        let asking = asking.collect();
        Self { stopped, asking }
    }

    /// Stops, and tells what became of all questions.
    pub(crate) async fn stop(self) -> Asked {
        self.stopped.store(true, Ordering::Relaxed);
        let mut all = Asked::default();
        for asking in self.asking {
            let asked = asking.await.unwrap();
            all.answers += asked.answers;
            all.errors += asked.errors;
        }
        all
    }
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Send,
    History,
    Chats,
    Sync,
}

struct Asker {
    http: reqwest::Client,
    node: String,
    history: History,
    chat: ChatId,
    kind: Kind,
}

impl Asker {
    async fn ask(self, stopped: Arc<AtomicBool>) -> Asked {
        let mut asked = Asked::default();
        while !stopped.load(Ordering::Relaxed) {
            let is_answered = match self.kind {
                Kind::Send => self.send().await,
                kind => self.answer(self.read(kind)).await.is_some(),
            };
            asked.answers += usize::from(is_answered);
            asked.errors += usize::from(!is_answered);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        asked
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.node));
        request.bearer_auth(token(ASKER))
    }

    fn read(&self, kind: Kind) -> RequestBuilder {
        let chat = self.chat;
        match kind {
            Kind::Chats => self.request(Method::GET, "/v1/chats"),
            Kind::Sync => {
                let from_the_start = json!({"chats": {}});
                self.request(Method::POST, "/v1/sync").json(&from_the_start)
            }
            Kind::History | Kind::Send => {
                self.request(Method::GET, &format!("/v1/messages?chatId={chat}"))
            }
        }
    }

    /// Says something once, and never again.
    async fn send(&self) -> bool {
        let (chat, client_id) = (
            self.chat.to_string(),
            format!("{:x}", rand::random::<u64>()),
        );
        let content = format!("zed says {client_id}");
        let digest = Digest::of(content.as_bytes());
        self.record(What::Intent(Intent {
            chat: chat.clone(),
            client_id: client_id.clone(),
            op: Op::Message { digest },
        }));
        let message = json!({"chatId": chat, "clientId": client_id, "content": content});
        let request = self.request(Method::POST, "/v1/messages").json(&message);
        let answer = self.answer(request).await;
        let is_answered = answer.is_some();
        self.record(match answer {
            Some(message) => {
                let message: Message = serde_json::from_slice(&message).unwrap();
                // Nothing is restored here, so that all epochs are the first one.
                let event = Some(Given {
                    id: Id(message.id.0),
                    epoch: 1,
                    seq: message.seq.0,
                });
                What::Ack(Ack {
                    chat,
                    client_id,
                    event,
                })
            }
            None => What::UnknownOutcome(Outcome { chat, client_id }),
        });
        is_answered
    }

    /// Waits for an answer; none where it is an error that says "try again". Any other fails the test, and so does none at
    /// all.
    async fn answer(&self, request: RequestBuilder) -> Option<Bytes> {
        let (kind, node) = (self.kind, &self.node);
        let began = Instant::now();
        let answer = request.timeout(2 * AT_MOST).send().await;
        let answer = answer.unwrap_or_else(|error| panic!("{kind:?} at {node}: {error:?}"));
        let status = answer.status();
        let body = answer.bytes().await.unwrap();
        let took = began.elapsed();
        assert!(took <= AT_MOST, "{kind:?} took {took:?}: {status}");
        if status.is_success() {
            return Some(body);
        }
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert!(problem.retryable, "{kind:?}: {problem:?}");
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        None
    }

    fn record(&self, what: What) {
        let client = Client {
            user: ASKER.into(),
            device: "http".into(),
            session: format!("asks {}", self.node),
        };
        self.history.record(Some(&client), &what);
    }
}
