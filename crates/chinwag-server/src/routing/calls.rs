//! Calls to other nodes: one connection to each, on which many calls run at once.

use std::{collections::HashMap, error::Error as _, sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::owner::Peers;
use http::uri::PathAndQuery;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};
use tonic::{
    Code, Request, Status,
    client::Grpc,
    transport::{Channel, Endpoint},
};

use super::{
    codec::Json,
    key::Key,
    wire::{CALL, KEY, MAX_BYTES, Question, Reply},
};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a connection with calls under way is tried, and how long the answer may take: a machine that was cut off
/// doesn't close its connections.
const PINGED_EVERY: Duration = Duration::from_secs(2);
/// Connections kept; more addresses than nodes have come and gone, so the old ones are forgotten.
const MAX_CHANNELS: usize = 2_048;
/// How long the word that shards were given may take; it is only to be faster than the next look.
const GIVEN_WITHIN: Duration = Duration::from_millis(500);

/// Why a call has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The node wasn't reached: nothing was asked.
    NotReached(String),
    /// It was asked, and what became of it isn't known.
    Lost(String),
    /// It refuses calls of this node.
    Refused(String),
}

/// Brings calls to other nodes in another way than by gRPC, as a simulation does.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Brings a call to the node at an address, and its answer back.
    async fn carry(&self, address: &str, question: Vec<u8>) -> Result<Vec<u8>, CallError>;
}

/// The ways to other nodes.
pub struct Calls(Way);

enum Way {
    Grpc(Channels),
    Carried(Arc<dyn Carrier>),
}

/// Connections to other nodes.
struct Channels {
    key: Key,
    channels: Mutex<HashMap<String, Channel>>,
}

impl Calls {
    /// Asks other nodes by a carrier.
    #[must_use]
    pub fn carried(carrier: Arc<dyn Carrier>) -> Self {
        Self(Way::Carried(carrier))
    }

    /// Asks the node at an address.
    pub(super) async fn ask(
        &self,
        address: &str,
        question: Question,
        deadline: Instant,
    ) -> Result<Reply, CallError> {
        let asking = async {
            match &self.0 {
                Way::Grpc(channels) => channels.ask(address, question).await,
                Way::Carried(carrier) => {
                    let question = serde_json::to_vec(&question);
                    let question =
                        question.map_err(|error| CallError::NotReached(error.to_string()))?;
                    let answer = carrier.carry(address, question).await?;
                    serde_json::from_slice(&answer)
                        .map_err(|error| CallError::Lost(error.to_string()))
                }
            }
        };
        timeout_at(deadline, asking)
            .await
            .unwrap_or_else(|_| Err(CallError::Lost("no answer in time".into())))
    }
}

impl Channels {
    async fn ask(&self, address: &str, question: Question) -> Result<Reply, CallError> {
        let channel = self.channel(address)?;
        let mut request = Request::new(question);
        request.metadata_mut().insert(KEY, self.key.header());
        let mut grpc = Grpc::new(channel)
            .max_decoding_message_size(MAX_BYTES)
            .max_encoding_message_size(MAX_BYTES);
        grpc.ready()
            .await
            .map_err(|error| CallError::NotReached(error.to_string()))?;
        let path = PathAndQuery::from_static(CALL);
        let answered = grpc.unary(request, path, Json::default()).await;
        answered
            .map(tonic::Response::into_inner)
            .map_err(|status| call_error(&status))
    }

    fn channel(&self, address: &str) -> Result<Channel, CallError> {
        let mut channels = self.channels.lock();
        if let Some(channel) = channels.get(address) {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(format!("http://{address}"))
            .map_err(|error| CallError::NotReached(format!("{address}: {error}")))?;
        let channel = endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(PINGED_EVERY)
            .keep_alive_timeout(PINGED_EVERY)
            .http2_adaptive_window(true)
            .connect_lazy();
        if channels.len() >= MAX_CHANNELS {
            channels.clear();
        }
        channels.insert(address.into(), channel.clone());
        Ok(channel)
    }
}

#[async_trait]
impl Peers for Calls {
    async fn tell_given(&self, address: &str) {
        let deadline = Instant::now() + GIVEN_WITHIN;
        if let Err(error) = self.ask(address, Question::Given, deadline).await {
            tracing::debug!(address, ?error, "the word that shards were given got lost");
        }
    }
}

fn call_error(status: &Status) -> CallError {
    match status.code() {
        Code::Unimplemented => CallError::Refused(
            "it runs another version, whose calls differ: finish the upgrade".into(),
        ),
        Code::Unauthenticated => CallError::Refused("its node.key is another one".into()),
        _ if never_connected(status) => CallError::NotReached(described(status)),
        _ => CallError::Lost(described(status)),
    }
}

/// Returns whether no connection came about, so that nothing can have been asked.
fn never_connected(status: &Status) -> bool {
    let mut cause = status.source();
    while let Some(error) = cause {
        if error.is::<tonic::ConnectError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn described(status: &Status) -> String {
    let mut text = status.message().to_owned();
    let mut cause = status.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Makes what nodes with this key call each other by.
pub(crate) fn calls(key: &str) -> Arc<Calls> {
    let channels = Channels {
        key: Key::new(key),
        channels: Mutex::default(),
    };
    Arc::new(Calls(Way::Grpc(channels)))
}
