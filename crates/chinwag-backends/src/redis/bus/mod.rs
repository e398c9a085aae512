//! [`Bus`] on Pub/Sub, whose loss is told by numbers.
//!
//! The script that publishes a message gives it the topic's next number. A subscription reads the numbers of its topics
//! once a second on the very connection that messages come on, so that a number ahead of what came is a loss and never a
//! message on its way. A number that falls means that Redis was emptied.

mod ear;
mod numbers;
mod owed;
mod subscription;

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_core::{
    model::NodeId,
    ports::{Bus, BusMessage, BusSubscription, EngineResult, Topic},
};
use redis::Pipeline;

use self::{owed::Owed, subscription::RedisSubscription};
use super::{connecting::Redis, keys::TopicKeys, nodes::Commands};

/// How long a topic's number is kept that nobody publishes on or listens to, seconds: a week.
const NUMBER_TTL_SECONDS: u32 = 7 * 24 * 3_600;
const PUBLISH: &str = include_str!("../scripts/publish.lua");

/// Carries messages between nodes over Redis.
pub struct RedisBus {
    redis: Arc<Redis>,
    owed: Owed,
}

impl RedisBus {
    /// Uses this Redis.
    #[must_use]
    pub fn new(redis: Arc<Redis>) -> Self {
        Self {
            owed: Owed::new(&redis),
            redis,
        }
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn publish(&self, messages: Vec<(Topic, Arc<BusMessage>)>) -> EngineResult<()> {
        let options = self.redis.nodes().options();
        let publishing = Publishing {
            keys: messages
                .iter()
                .map(|(topic, _)| TopicKeys::of(&options.prefix, *topic))
                .collect(),
            payloads: payloads(&messages),
            command: publish_command(options.is_cluster),
        };
        let answers = self.redis.nodes().run(&publishing).await;
        let mut first = Ok(());
        for ((topic, _), answer) in messages.iter().zip(answers) {
            if let Err(failure) = answer {
                self.owed.add(*topic);
                first = first.and(Err(failure.told()));
            }
        }
        first
    }

    async fn open(&self, node: NodeId) -> EngineResult<Arc<dyn BusSubscription>> {
        let subscription = RedisSubscription::new(&self.redis);
        subscription.add(Topic::Inbox(node)).await?;
        Ok(Arc::new(subscription))
    }
}

/// In a cluster a message goes only to the node that holds the topic's slot, not to all.
fn publish_command(is_cluster: bool) -> &'static str {
    if is_cluster { "SPUBLISH" } else { "PUBLISH" }
}

/// Encodes each message once, however many topics it goes to in a row.
fn payloads(messages: &[(Topic, Arc<BusMessage>)]) -> Vec<Arc<[u8]>> {
    let mut payloads: Vec<Arc<[u8]>> = Vec::with_capacity(messages.len());
    let mut before: Option<&Arc<BusMessage>> = None;
    for (_, message) in messages {
        let payload = match (before, payloads.last()) {
            (Some(before), Some(payload)) if Arc::ptr_eq(before, message) => Arc::clone(payload),
            _ => message.to_bytes().into(),
        };
        payloads.push(payload);
        before = Some(message);
    }
    payloads
}

struct Publishing {
    keys: Vec<TopicKeys>,
    payloads: Vec<Arc<[u8]>>,
    command: &'static str,
}

impl Commands for Publishing {
    fn slots(&self) -> Vec<u16> {
        self.keys.iter().map(|keys| keys.slot).collect()
    }

    /// The script goes along whole: were it known by its digest alone, a node that forgot it would take the messages of
    /// one pipeline out of order. The channel is no key: one that isn't there counts as missing while its slot moves.
    fn add(&self, index: usize, pipeline: &mut Pipeline) {
        let keys = &self.keys[index];
        pipeline
            .cmd("EVAL")
            .arg(PUBLISH)
            .arg(1)
            .arg(&keys.number)
            .arg(self.command)
            .arg(&keys.channel)
            .arg(&*self.payloads[index])
            .arg(NUMBER_TTL_SECONDS);
    }
}
