//! Kafka as `scripts/engines` starts it, with topics of its own for each case.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_backends::kafka::{KafkaQueue, Options};
use chinwag_conformance::{Conversation, Engine, EventQueueEngine, MessageStoreEngine, chat};
use chinwag_core::{
    memory::MemoryStore,
    ports::{Append, EngineResult, EventQueue, MessageStore, QueueGroup},
};

use crate::engine_process::address;

/// Returns options with topics that nobody else has, on the broker at a port.
pub(crate) fn options(port: u16) -> Options {
    Options {
        prefix: format!("test{:x}", rand::random::<u64>()),
        partitions: 2,
        replication: 1,
        ..Options::at(vec![format!("{}:{port}", address())])
    }
}

/// Returns options on the broker that all share, patient: how fast a busy machine is, is no case's concern.
pub(crate) fn shared() -> Options {
    Options {
        timeout: Duration::from_secs(30),
        ..options(19_092)
    }
}

pub(crate) async fn connect(options: &Options) -> Arc<KafkaQueue> {
    match KafkaQueue::connect(options.clone()).await {
        Ok(queue) => Arc::new(queue),
        Err(error) => panic!("{error} (make engines-up)"),
    }
}

/// A queue on Kafka behind a log in memory.
pub(crate) struct OnKafka {
    options: Options,
    store: Arc<MemoryStore>,
    queue: Arc<KafkaQueue>,
}

#[async_trait]
impl Engine for OnKafka {
    async fn fresh() -> Self {
        let options = shared();
        Self {
            store: Arc::default(),
            queue: connect(&options).await,
            options,
        }
    }

    async fn reopen(self) -> Self {
        drop(self.queue);
        Self {
            queue: connect(&self.options).await,
            ..self
        }
    }
}

impl MessageStoreEngine for OnKafka {
    fn message_store(&self) -> Arc<dyn MessageStore> {
        self.store.clone()
    }
}

impl EventQueueEngine for OnKafka {
    fn event_queue(&self) -> Arc<dyn EventQueue> {
        self.queue.clone()
    }
}

/// Many chats whose messages go to one group.
pub(crate) struct Talks(Vec<Conversation>);

impl Talks {
    pub(crate) fn of(chats: u64, group: QueueGroup) -> Self {
        let ids = 1..=chats;
        Self(
            ids.map(|id| Conversation::queued(chat(id), &[group]))
                .collect(),
        )
    }

    /// Says one thing more in every chat.
    pub(crate) fn go_on(&mut self) -> Vec<Append> {
        let talks = self.0.iter_mut();
        talks.map(|talk| talk.message("ana", "x")).collect()
    }
}

/// Queues events.
pub(crate) async fn publish(queue: &KafkaQueue, appends: &[Append]) -> EngineResult<()> {
    let events = appends
        .iter()
        .map(|append| (append.chat, append.row.clone(), append.groups));
    queue.publish(events.collect()).await
}
