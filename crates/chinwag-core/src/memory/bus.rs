//! [`Bus`] between the nodes of one process: the reference, and what the embedded mode uses.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use async_trait::async_trait;
use parking_lot::{Mutex, RwLock};

use super::BusInbox;
use crate::{
    model::NodeId,
    ports::{Bus, BusEvent, BusMessage, BusSubscription, EngineResult, Topic},
};

/// Messages that a subscription holds by default: a second of a busy node.
const WAITING: usize = 16_384;

/// Carries messages between nodes in this process; clones are the same bus.
#[derive(Clone)]
pub struct MemoryBus {
    topics: Arc<Topics>,
    waiting: usize,
}

#[derive(Default)]
struct Topics(RwLock<HashMap<Topic, Vec<Arc<BusInbox>>>>);

impl Default for MemoryBus {
    fn default() -> Self {
        Self::with_room_for(WAITING)
    }
}

impl MemoryBus {
    /// Makes a bus without subscriptions.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a bus whose subscriptions hold so many messages that were not taken yet; more is told as a gap.
    #[must_use]
    pub fn with_room_for(waiting: usize) -> Self {
        Self {
            topics: Arc::default(),
            waiting,
        }
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn publish(&self, messages: Vec<(Topic, Arc<BusMessage>)>) -> EngineResult<()> {
        let topics = self.topics.0.read();
        for (topic, message) in messages {
            for inbox in topics.get(&topic).into_iter().flatten() {
                inbox.put(topic, &message, 0);
            }
        }
        Ok(())
    }

    async fn open(&self, node: NodeId) -> EngineResult<Arc<dyn BusSubscription>> {
        let subscription = MemorySubscription {
            topics: Arc::clone(&self.topics),
            inbox: Arc::new(BusInbox::new(self.waiting, usize::MAX)),
            added: Mutex::default(),
        };
        subscription.add(Topic::Inbox(node)).await?;
        Ok(Arc::new(subscription))
    }
}

/// One node's subscription; ends when it is dropped.
struct MemorySubscription {
    topics: Arc<Topics>,
    inbox: Arc<BusInbox>,
    added: Mutex<HashSet<Topic>>,
}

#[async_trait]
impl BusSubscription for MemorySubscription {
    async fn add(&self, topic: Topic) -> EngineResult<()> {
        if self.added.lock().insert(topic) {
            let mut topics = self.topics.0.write();
            topics
                .entry(topic)
                .or_default()
                .push(Arc::clone(&self.inbox));
        }
        Ok(())
    }

    async fn remove(&self, topic: Topic) -> EngineResult<()> {
        if self.added.lock().remove(&topic) {
            self.topics.remove(topic, &self.inbox);
        }
        Ok(())
    }

    async fn next(&self) -> EngineResult<BusEvent> {
        Ok(self.inbox.take().await)
    }
}

impl Drop for MemorySubscription {
    fn drop(&mut self) {
        for topic in self.added.get_mut().drain() {
            self.topics.remove(topic, &self.inbox);
        }
    }
}

impl Topics {
    fn remove(&self, topic: Topic, inbox: &Arc<BusInbox>) {
        let mut topics = self.0.write();
        let Some(inboxes) = topics.get_mut(&topic) else {
            return;
        };
        inboxes.retain(|there| !Arc::ptr_eq(there, inbox));
        if inboxes.is_empty() {
            topics.remove(&topic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_dropped_subscription_leaves_nothing_behind() {
        let bus = MemoryBus::new();
        let subscription = bus.open(NodeId(1)).await.unwrap();
        let chat = Topic::Chat(chinwag_proto::ChatId(1));
        subscription.add(chat).await.unwrap();
        assert_eq!(bus.topics.0.read().len(), 2);
        drop(subscription);
        assert!(bus.topics.0.read().is_empty());
    }
}
