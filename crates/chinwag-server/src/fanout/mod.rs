//! The fan-out role: takes large chats' events from the queue and publishes each once, to the chat's topic.

use std::{sync::Arc, time::Duration};

use chinwag_core::{
    model::LogRow,
    ports::{
        Broadcast, Bus, BusMessage, Directory, EngineError, EngineResult, EventQueue, MessageStore,
        QueueGroup, QueueRecord, Topic,
    },
    render,
};
use chinwag_proto::{ChatId, Epoch};
use tokio_util::sync::CancellationToken;

/// Records taken at a time.
const BATCH: usize = 256;
/// How long to wait after the first failure; twice as long after each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How long to wait at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

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
        let mut pause = FIRST_PAUSE;
        loop {
            let worked = tokio::select! {
                () = cancel.cancelled() => return,
                worked = self.work(&mut pause) => worked,
            };
            let Err(error) = worked;
            tracing::warn!(%error, "fan-out stopped; it begins again where it acknowledged");
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn work(&self, pause: &mut Duration) -> Result<std::convert::Infallible, EngineError> {
        let mut consumer = self.queue.join(QueueGroup::Fanout).await?;
        loop {
            let records = consumer.next(BATCH).await?;
            let Some(last) = records.last().map(|record| record.position) else {
                continue;
            };
            for (chat, rows) in by_chat(records) {
                self.publish(chat, rows).await?;
            }
            consumer.ack(last).await?;
            *pause = FIRST_PAUSE;
        }
    }

    async fn publish(&self, chat: ChatId, rows: Vec<LogRow>) -> EngineResult<()> {
        let row = self
            .directory
            .chats(&[chat])
            .await?
            .into_iter()
            .next()
            .flatten();
        let epoch = row.map_or_else(Epoch::default, |row| row.epoch);
        let frames = render::broadcast(&*self.store, chat, epoch, &rows).await?;
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
