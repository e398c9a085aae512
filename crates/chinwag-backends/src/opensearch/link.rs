//! The nodes, asked in turns.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bytes::BytesMut;
use chinwag_core::ports::{EngineError, EngineResult};
use parking_lot::Mutex;
use reqwest::{Client, Url, header::CONTENT_TYPE};
use tokio::time::Instant;

use super::{
    ConnectError, Options,
    call::{Answer, Body, Call},
    client,
};
use crate::causes::causes;

/// For so long, a node that didn't answer is asked after the others.
const AVOIDED_FOR: Duration = Duration::from_secs(10);
/// The largest answer that is read: more than a bulk of nothing but refusals says.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// No node answers, or not in time: what was asked for may have happened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Away(pub(super) String);

impl Away {
    /// Tells it as the failure of a port.
    pub(super) fn unavailable(self) -> EngineError {
        EngineError::Unavailable(format!("opensearch: {self}"))
    }
}

/// The nodes, asked in turns.
pub(super) struct Link {
    client: Client,
    nodes: Vec<Node>,
    turn: AtomicUsize,
}

struct Node {
    url: Url,
    avoided_until: Mutex<Option<Instant>>,
}

/// Why one node gave no answer.
struct Silence {
    why: String,
    /// Whether it never got the request.
    is_unsent: bool,
}

impl Link {
    pub(super) fn new(options: &Options) -> Result<Self, ConnectError> {
        let node = |text: &String| {
            Ok(Node {
                url: client::node_url(text)?,
                avoided_until: Mutex::default(),
            })
        };
        Ok(Self {
            client: client::client(options)?,
            nodes: options.urls.iter().map(node).collect::<Result<_, _>>()?,
            turn: AtomicUsize::new(0),
        })
    }

    /// Asks a node, and another one where that can't be reached.
    pub(super) async fn send(&self, call: &Call) -> EngineResult<Answer> {
        self.try_send(call).await.map_err(Away::unavailable)
    }

    /// Asks a node, and tells in plain words where none answers.
    pub(super) async fn try_send(&self, call: &Call) -> Result<Answer, Away> {
        let until = Instant::now() + call.within;
        let mut away = Away("opensearch.urls is empty".into());
        for node in self.in_turn() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            match self.ask(node, call, left).await {
                Ok(answer) => {
                    *node.avoided_until.lock() = None;
                    return Ok(answer);
                }
                Err(Silence { why, is_unsent }) => {
                    *node.avoided_until.lock() = Some(Instant::now() + AVOIDED_FOR);
                    away = Away(format!("{} {why}", node.url));
                    // It may be at work on what it was asked: whether to ask again is the caller's decision.
                    if !is_unsent {
                        break;
                    }
                }
            }
        }
        Err(away)
    }

    /// Returns the nodes, another one first each time; those that didn't answer lately are last.
    fn in_turn(&self) -> Vec<&Node> {
        let now = Instant::now();
        let first = self.turn.fetch_add(1, Ordering::Relaxed) % self.nodes.len().max(1);
        let (before, after) = self.nodes.split_at(first);
        let mut nodes: Vec<&Node> = after.iter().chain(before).collect();
        nodes.sort_by_key(|node| node.avoided_until.lock().is_some_and(|until| until > now));
        nodes
    }

    async fn ask(&self, node: &Node, call: &Call, within: Duration) -> Result<Answer, Silence> {
        let url = node.url.join(&call.path).map_err(|error| Silence {
            why: error.to_string(),
            is_unsent: true,
        })?;
        let request = self
            .client
            .request(call.method.clone(), url)
            .timeout(within);
        let request = match &call.body {
            Body::Nothing => request,
            Body::Json(body) => request
                .header(CONTENT_TYPE, "application/json")
                .body(body.clone()),
            Body::Lines(body) => request
                .header(CONTENT_TYPE, "application/x-ndjson")
                .body(body.clone()),
        };
        let mut response = request.send().await.map_err(silence)?;
        let status = response.status().as_u16();
        let mut body = BytesMut::new();
        while let Some(part) = response.chunk().await.map_err(silence)? {
            if body.len() + part.len() > MAX_ANSWER_BYTES {
                return Err(Silence {
                    why: format!("answers more than {MAX_ANSWER_BYTES} bytes"),
                    is_unsent: false,
                });
            }
            body.extend_from_slice(&part);
        }
        Ok(Answer {
            status,
            body: body.freeze(),
        })
    }
}

fn silence(error: reqwest::Error) -> Silence {
    let is_unsent = error.is_connect();
    let why = if error.is_timeout() {
        "doesn't answer in time".to_owned()
    } else {
        format!("doesn't answer: {}", causes(&error.without_url()))
    };
    Silence { why, is_unsent }
}
