//! What couldn't be published is told to whoever listens, as a hole in the numbers, once Redis is back.
//!
//! A publisher whose own connection fails would else lose a message that nobody misses: the listeners' connections
//! stand, and nothing follows by which they would notice.

use std::{collections::HashSet, sync::Arc, time::Duration};

use chinwag_core::ports::Topic;
use parking_lot::Mutex;
use redis::Pipeline;
use tokio::{sync::Notify, task::AbortHandle};

use super::NUMBER_TTL_SECONDS;
use crate::redis::{connecting::Redis, keys::TopicKeys, nodes::Commands};

/// Topics remembered at most; beyond, a loss is noticed by the next message's place.
const REMEMBERED: usize = 65_536;
/// How long to wait before trying, and between tries.
const PAUSE: Duration = Duration::from_millis(250);

const SKIP: &str = "redis.call('INCR', KEYS[1]) return redis.call('EXPIRE', KEYS[1], ARGV[1])";

/// The topics that owe a hole.
pub(super) struct Owed {
    topics: Arc<Topics>,
    payer: AbortHandle,
}

#[derive(Default)]
struct Topics {
    owing: Mutex<HashSet<Topic>>,
    added: Notify,
}

impl Owed {
    pub(super) fn new(redis: &Arc<Redis>) -> Self {
        let topics = Arc::<Topics>::default();
        let payer = tokio::spawn(pay(Arc::clone(redis), Arc::clone(&topics)));
        Self {
            topics,
            payer: payer.abort_handle(),
        }
    }

    pub(super) fn add(&self, topic: Topic) {
        let mut owing = self.topics.owing.lock();
        if owing.len() < REMEMBERED {
            owing.insert(topic);
        }
        drop(owing);
        self.topics.added.notify_one();
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.payer.abort();
    }
}

async fn pay(redis: Arc<Redis>, topics: Arc<Topics>) {
    loop {
        topics.added.notified().await;
        loop {
            tokio::time::sleep(PAUSE).await;
            let owing: Vec<Topic> = topics.owing.lock().drain().collect();
            if owing.is_empty() {
                break;
            }
            let prefix = &redis.nodes().options().prefix;
            let skipping = owing.iter().map(|topic| TopicKeys::of(prefix, *topic));
            let answers = redis.nodes().run(&Skipping(skipping.collect())).await;
            let unpaid = owing.into_iter().zip(answers);
            let unpaid = unpaid.filter_map(|(topic, answer)| answer.is_err().then_some(topic));
            topics.owing.lock().extend(unpaid);
        }
    }
}

struct Skipping(Vec<TopicKeys>);

impl Commands for Skipping {
    fn slots(&self) -> Vec<u16> {
        self.0.iter().map(|keys| keys.slot).collect()
    }

    fn add(&self, index: usize, pipeline: &mut Pipeline) {
        pipeline
            .cmd("EVAL")
            .arg(SKIP)
            .arg(1)
            .arg(&self.0[index].number)
            .arg(NUMBER_TTL_SECONDS);
    }
}
