//! One node's subscription: an ear at each node of Redis that holds one of its topics, and what is done when one ends.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chinwag_core::{
    memory::BusInbox,
    ports::{BusEvent, BusSubscription, EngineResult, Topic},
};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::{sync::Notify, task::AbortHandle};

use super::{
    ear::{Ear, Topics},
    numbers::{Heard, Numbers},
};
use crate::redis::{connecting::Redis, error::Failure, keys::TopicKeys, link::Address};

/// How often a topic follows its slot to another node, or an ear that ended, before adding it fails.
const TRIES: usize = 3;
/// How long to wait before topics are listened to again; twice as long after each failure.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// How long at most: with the rest, a loss is told within 2 s of Redis's return.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// One node's subscription; ends when it is dropped.
pub(super) struct RedisSubscription {
    shared: Arc<Shared>,
    recovery: AbortHandle,
}

struct Shared {
    redis: Arc<Redis>,
    inbox: Arc<BusInbox>,
    /// The topics that were added and not removed.
    wanted: Mutex<HashSet<Topic>>,
    ears: Mutex<HashMap<Address, RunningEar>>,
    ears_so_far: AtomicU64,
    /// Topics whose ear ended, each with the last number that came.
    strays: Mutex<Topics>,
    strayed: Notify,
}

struct RunningEar {
    ear: Ear,
    number: u64,
    task: AbortHandle,
}

impl Drop for RunningEar {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl RedisSubscription {
    pub(super) fn new(redis: &Arc<Redis>) -> Self {
        let options = redis.nodes().options();
        let inbox = BusInbox::new(options.waiting_messages, options.waiting_bytes);
        let shared = Arc::new(Shared {
            redis: Arc::clone(redis),
            inbox: Arc::new(inbox),
            wanted: Mutex::default(),
            ears: Mutex::default(),
            ears_so_far: AtomicU64::new(0),
            strays: Mutex::default(),
            strayed: Notify::new(),
        });
        let recovery = tokio::spawn(recover(Arc::clone(&shared))).abort_handle();
        Self { shared, recovery }
    }
}

impl Drop for RedisSubscription {
    fn drop(&mut self) {
        self.recovery.abort();
        self.shared.ears.lock().clear();
    }
}

#[async_trait]
impl BusSubscription for RedisSubscription {
    async fn add(&self, topic: Topic) -> EngineResult<()> {
        let is_new = self.shared.wanted.lock().insert(topic);
        let mut result = Err(Failure::Moved);
        for _ in 0..TRIES {
            result = self.shared.add(topic, Numbers::default()).await;
            if !matches!(result, Err(Failure::Moved)) {
                break;
            }
            self.shared.redis.nodes().refresh().await;
        }
        if result.is_err() && is_new {
            self.shared.wanted.lock().remove(&topic);
        }
        result.map(drop).map_err(Failure::told)
    }

    async fn remove(&self, topic: Topic) -> EngineResult<()> {
        self.shared.wanted.lock().remove(&topic);
        self.shared.remove(topic).await;
        Ok(())
    }

    async fn next(&self) -> EngineResult<BusEvent> {
        Ok(self.shared.inbox.take().await)
    }
}

impl Shared {
    fn master(&self, topic: Topic) -> Option<Address> {
        let nodes = self.redis.nodes();
        nodes.master(TopicKeys::of(&nodes.options().prefix, topic).slot)
    }

    /// Listens to one topic where its slot is said to be.
    async fn add(self: &Arc<Self>, topic: Topic, before: Numbers) -> Result<Heard, Failure> {
        let address = self.master(topic).ok_or(Failure::Moved)?;
        let topics = Topics::from([(topic, before)]);
        let added = self.ear(address).add(topics).await;
        // An ear that ended just now counts as a slot that has moved: it is tried again.
        let (_, result) = added
            .and_then(|mut added| added.pop())
            .ok_or(Failure::Moved)?;
        result
    }

    async fn remove(&self, topic: Topic) {
        self.strays.lock().remove(&topic);
        let ears: Vec<Ear> = {
            let ears = self.ears.lock();
            ears.values().map(|running| running.ear.clone()).collect()
        };
        // The slot may have been elsewhere when the topic was added.
        join_all(ears.iter().map(|ear| ear.remove(topic))).await;
    }

    /// Returns the ear at a node, which begins to connect where there was none.
    fn ear(self: &Arc<Self>, address: Address) -> Ear {
        let mut ears = self.ears.lock();
        if let Some(running) = ears.get(&address) {
            return running.ear.clone();
        }
        let redis = Arc::clone(&self.redis);
        let (ear, listening) = Ear::new(redis, address.clone(), Arc::clone(&self.inbox));
        let number = self.ears_so_far.fetch_add(1, Ordering::Relaxed);
        let (shared, at) = (Arc::downgrade(self), address.clone());
        let task = tokio::spawn(async move {
            let topics = listening.await;
            Self::ear_ended(&shared, &at, number, topics);
        });
        let running = RunningEar {
            ear: ear.clone(),
            number,
            task: task.abort_handle(),
        };
        ears.insert(address, running);
        ear
    }

    fn ear_ended(shared: &Weak<Self>, address: &Address, number: u64, topics: Topics) {
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let mut ears = shared.ears.lock();
        if ears.get(address).is_some_and(|ear| ear.number == number) {
            ears.remove(address);
        }
        drop(ears);
        if !topics.is_empty() {
            tracing::warn!(%address, topics = topics.len(), "a connection of the bus ended; it is made again");
            shared.strays.lock().extend(topics);
            shared.strayed.notify_one();
        }
    }

    /// Listens again to topics whose ear ended, all that can be; what may have been lost is told when it was done.
    async fn listen_again(self: &Arc<Self>, strays: Topics) {
        let mut by_node: HashMap<Address, Topics> = HashMap::new();
        for (topic, numbers) in strays {
            if let Some(address) = self.master(topic) {
                by_node.entry(address).or_default().insert(topic, numbers);
            }
        }
        let adding = by_node
            .into_iter()
            .map(|(address, topics)| async move { self.ear(address).add(topics).await });
        let added = join_all(adding).await.into_iter().flatten().flatten();
        let (mut lost, mut was_emptied) = (Vec::new(), false);
        for (topic, result) in added {
            let Ok(heard) = result else {
                continue;
            };
            self.strays.lock().remove(&topic);
            if self.wanted.lock().contains(&topic) {
                was_emptied |= heard == Heard::AfterEmptying;
                lost.push(topic);
            } else {
                self.remove(topic).await;
            }
        }
        if was_emptied {
            self.inbox.lose(&[]);
        } else if !lost.is_empty() {
            self.inbox.lose(&lost);
        }
    }
}

/// Waits for ears to end, and listens to their topics again until all are listened to.
async fn recover(shared: Arc<Shared>) {
    loop {
        shared.strayed.notified().await;
        let mut pause = FIRST_PAUSE;
        loop {
            tokio::time::sleep(pause).await;
            let strays = {
                let wanted = shared.wanted.lock();
                let mut strays = shared.strays.lock();
                strays.retain(|topic, _| wanted.contains(topic));
                strays.clone()
            };
            if strays.is_empty() {
                break;
            }
            shared.redis.nodes().refresh().await;
            shared.listen_again(strays).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}
