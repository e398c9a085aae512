//! Queues records: in order, acknowledged by all in-sync replicas.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chinwag_core::{
    model::LogRow,
    ports::{EngineError, EngineResult, GroupSet, QueueGroup},
};
use chinwag_proto::ChatId;
use rdkafka::{
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
    producer::Producer as _,
};

use super::{
    Options, client,
    deliveries::{Deliveries, Delivery},
    record,
};

/// Records that wait in memory at most, all chats together, and their KiB.
const WAITING: &str = "100000";
const WAITING_KIB: &str = "65536";
/// How often a Kafka that is away is asked whether it is back.
const ASKS_EVERY: Duration = Duration::from_millis(250);

/// Queues records for groups.
pub(super) struct Producer {
    deliveries: Deliveries,
    timeout: Duration,
    topics: [String; QueueGroup::ALL.len()],
    is_away: Arc<AtomicBool>,
}

impl Producer {
    pub(super) fn new(options: &Options) -> KafkaResult<Self> {
        let timeout_ms = options.timeout.as_millis().to_string();
        let mut config = client::config(options);
        config
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("message.timeout.ms", &timeout_ms)
            .set("partitioner", "murmur2_random")
            .set("compression.type", "lz4")
            // One round of a chat goes out together; waiting for more costs each time that much.
            .set("linger.ms", "1")
            .set("queue.buffering.max.messages", WAITING)
            .set("queue.buffering.max.kbytes", WAITING_KIB);
        Ok(Self {
            deliveries: Deliveries::start(&config)?,
            timeout: options.timeout,
            topics: QueueGroup::ALL.map(|group| options.name(group)),
            is_away: Arc::default(),
        })
    }

    /// Queues events for their groups; each is with all in-sync replicas when this answers `Ok`.
    pub(super) async fn publish(
        &self,
        events: Vec<(ChatId, LogRow, GroupSet)>,
    ) -> EngineResult<()> {
        if self.is_away.load(Ordering::Relaxed) {
            let detail = "kafka is away; it is asked again and again whether it is back";
            return Err(EngineError::Unavailable(detail.into()));
        }
        let mut queued: Vec<Delivery> = Vec::with_capacity(events.len());
        for (chat, row, groups) in events {
            let value = row.to_bytes();
            for (group, topic) in QueueGroup::ALL.into_iter().zip(&self.topics) {
                if groups.contains(group) {
                    self.enqueue(topic, chat, &value, &mut queued).await?;
                }
            }
        }
        self.until_delivered(&mut queued).await
    }

    /// Puts a record behind those that wait; where there is no room, waits for this call's own first.
    async fn enqueue(
        &self,
        topic: &str,
        chat: ChatId,
        value: &[u8],
        queued: &mut Vec<Delivery>,
    ) -> EngineResult<()> {
        let key = record::key(chat);
        loop {
            match self.deliveries.send(topic, key.as_ref(), value) {
                Ok(delivery) => {
                    queued.push(delivery);
                    return Ok(());
                }
                Err(KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull))
                    if !queued.is_empty() =>
                {
                    self.until_delivered(queued).await?;
                }
                Err(error) => return Err(client::unavailable("can't queue", &error)),
            }
        }
    }

    async fn until_delivered(&self, queued: &mut Vec<Delivery>) -> EngineResult<()> {
        let mut result = Ok(());
        for delivery in queued.drain(..) {
            let error = match delivery.await {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error,
                Err(_) => KafkaError::Canceled,
            };
            if matches!(
                error,
                KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut)
            ) {
                self.went_away();
            }
            result = result.and(Err(client::unavailable("not queued in time", &error)));
        }
        result
    }

    /// Lets publishing fail at once until Kafka answers again.
    fn went_away(&self) {
        if self.is_away.swap(true, Ordering::Relaxed) {
            return;
        }
        tracing::warn!("kafka is away: what isn't queued meanwhile is queued again from the log");
        let (client, timeout) = (self.deliveries.client(), self.timeout);
        let (topic, is_away) = (self.topics[0].clone(), Arc::clone(&self.is_away));
        tokio::spawn(async move {
            loop {
                let client = Arc::clone(&client);
                let topic = topic.clone();
                let asking = tokio::task::spawn_blocking(move || {
                    client.client().fetch_metadata(Some(&topic), timeout)
                });
                if matches!(asking.await, Ok(Ok(_))) {
                    break;
                }
                tokio::time::sleep(ASKS_EVERY).await;
            }
            is_away.store(false, Ordering::Relaxed);
            tracing::info!("kafka is back");
        });
    }
}
