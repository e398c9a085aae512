//! The fan-out role: takes large chats' events from the queue and publishes each once, to the chat's topic.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{
        Broadcast, Bus, BusMessage, Directory, EngineResult, EventQueue, MessageStore, QueueGroup,
        QueueRecord, Topic,
    },
    render,
};
use chinwag_proto::ChatId;
use tokio_util::sync::CancellationToken;

use crate::consumer::{self, Worker};

/// What the fan-out needs.
#[derive(Clone)]
pub struct Fanout {
    /// Where events come from.
    pub queue: Arc<dyn EventQueue>,
    /// Where changed messages are.
    pub store: Arc<dyn MessageStore>,
    /// Where epochs are.
    pub directory: Arc<dyn Directory>,
    /// Where events go.
    pub bus: Arc<dyn Bus>,
}

impl Fanout {
    /// Works until it is cancelled; a failure is tried again, and nothing is acknowledged before it was published.
    pub async fn run(self, cancel: CancellationToken) {
        consumer::run(&self, cancel).await;
    }

    async fn publish(&self, chat: ChatId, rows: Vec<LogRow>) -> EngineResult<()> {
        let frames = render::broadcast(&*self.store, &*self.directory, chat, &rows).await?;
        let broadcast = BusMessage::Events(Broadcast {
            chat,
            frames,
            users: [].into(),
        });
        self.bus
            .publish(vec![(Topic::Chat(chat), Arc::new(broadcast))])
            .await
    }
}

#[async_trait]
impl Worker for Fanout {
    const GROUP: QueueGroup = QueueGroup::Fanout;
    const BATCH: usize = 256;
    const LONGEST_PAUSE: Duration = Duration::from_secs(10);

    fn queue(&self) -> &dyn EventQueue {
        &*self.queue
    }

    async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()> {
        for (chat, rows) in by_chat(records) {
            self.publish(chat, rows).await?;
        }
        Ok(())
    }
}

/// Gathers records by chat; each chat's stay in order of place.
fn by_chat(records: Vec<QueueRecord>) -> Vec<(ChatId, Vec<LogRow>)> {
    let mut order: Vec<(ChatId, Vec<LogRow>)> = Vec::new();
    for record in records {
        match order.iter_mut().find(|(chat, _)| *chat == record.chat) {
            Some((_, rows)) => rows.push(record.row),
            None => order.push((record.chat, vec![record.row])),
        }
    }
    order
}
