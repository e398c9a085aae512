//! How many records a group has not acknowledged.

use std::{sync::Arc, time::Duration};

use chinwag_core::ports::QueueGroup;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext},
    error::{KafkaError, KafkaResult},
    types::RDKafkaErrorCode::{LeaderNotAvailable, NotLeaderForPartition},
};

use super::{Options, client};

/// How often it is asked, where a partition has no leader or just got one: asking tells the client of the new one.
const TRIES: u32 = 6;
const PAUSE: Duration = Duration::from_millis(200);

/// Asks how far a group is, without being a member.
pub(super) struct Lag {
    consumer: Arc<BaseConsumer<DefaultConsumerContext>>,
    topic: String,
    timeout: Duration,
}

impl Lag {
    pub(super) fn of(options: &Options, group: QueueGroup) -> KafkaResult<Self> {
        let topic = options.name(group);
        let consumer = client::config(options)
            .set("group.id", &topic)
            .set("enable.auto.commit", "false")
            .create()?;
        Ok(Self {
            consumer: Arc::new(consumer),
            topic,
            timeout: options.timeout,
        })
    }

    /// Counts, over all partitions, what lies behind what the group has committed.
    pub(super) async fn count(&self) -> KafkaResult<u64> {
        for _ in 1..TRIES {
            match self.count_once().await {
                Err(error) if is_between_leaders(&error) => tokio::time::sleep(PAUSE).await,
                counted => return counted,
            }
        }
        self.count_once().await
    }

    async fn count_once(&self) -> KafkaResult<u64> {
        let (consumer, topic, timeout) =
            (Arc::clone(&self.consumer), self.topic.clone(), self.timeout);
        let counting = tokio::task::spawn_blocking(move || count(&consumer, &topic, timeout)).await;
        counting.unwrap_or(Err(KafkaError::Canceled))
    }
}

fn is_between_leaders(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(code, Some(NotLeaderForPartition | LeaderNotAvailable))
}

fn count(
    consumer: &BaseConsumer<DefaultConsumerContext>,
    topic: &str,
    timeout: Duration,
) -> KafkaResult<u64> {
    let metadata = consumer.fetch_metadata(Some(topic), timeout)?;
    let mut asked = TopicPartitionList::new();
    for known in metadata.topics() {
        for partition in known.partitions() {
            asked.add_partition(topic, partition.id());
        }
    }
    let committed = consumer.committed_offsets(asked, timeout)?;
    let mut behind = 0;
    for partition in committed.elements() {
        partition.error()?;
        let (first, end) = consumer.fetch_watermarks(topic, partition.partition(), timeout)?;
        let next = match partition.offset() {
            Offset::Offset(next) => next.max(first),
            _ => first,
        };
        behind += u64::try_from(end - next).unwrap_or_default();
    }
    Ok(behind)
}
