//! A member of a group.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::ports::{Consumer, EngineError, EngineResult, QueueGroup, QueueRecord};
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use rdkafka::{
    ClientContext, Message as _, Offset, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{
        BaseConsumer, CommitMode, Consumer as _, ConsumerContext, Rebalance, StreamConsumer,
    },
    error::{KafkaError, KafkaResult},
    message::BorrowedMessage,
    types::RDKafkaErrorCode,
};

use super::{
    Options, client,
    outstanding::{Outstanding, Partition},
    record,
};

/// Records given out and not acknowledged at most: who takes more without acknowledging has a fault.
const OUTSTANDING: usize = 100_000;
/// What is fetched ahead at most, KiB, and records.
const AHEAD_KIB: &str = "16384";
const AHEAD: &str = "10000";
/// How often a commit is tried that meets a rebalance, and how long to wait between.
const COMMIT_TRIES: u32 = 20;
const COMMIT_PAUSE: Duration = Duration::from_millis(100);

/// A member of a group.
pub(super) struct KafkaConsumer {
    /// None only while it is dropped.
    consumer: Option<Arc<StreamConsumer<Member>>>,
    topic: String,
    outstanding: Outstanding,
    /// Why it can't go on: told once what came before was given out, and from then on.
    failed: Option<EngineError>,
}

impl KafkaConsumer {
    /// Joins a group.
    pub(super) fn join(options: &Options, group: QueueGroup) -> KafkaResult<Self> {
        let topic = options.name(group);
        let milliseconds = |time: Duration| time.as_millis().to_string();
        let consumer: StreamConsumer<Member> = client::config(options)
            .set("group.id", &topic)
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("session.timeout.ms", milliseconds(options.session_timeout))
            .set(
                "heartbeat.interval.ms",
                milliseconds(options.session_timeout / 4),
            )
            .set(
                "max.poll.interval.ms",
                milliseconds(options.max_poll_interval),
            )
            .set("queued.min.messages", AHEAD)
            .set("queued.max.messages.kbytes", AHEAD_KIB)
            .create_with_context(Member::default())?;
        consumer.subscribe(&[&topic])?;
        Ok(Self {
            consumer: Some(Arc::new(consumer)),
            topic,
            outstanding: Outstanding::default(),
            failed: None,
        })
    }

    fn consumer(&self) -> &Arc<StreamConsumer<Member>> {
        self.consumer.as_ref().expect("it is taken by drop alone")
    }

    /// Forgets what other members have been given meanwhile.
    fn forget_what_was_taken_away(&mut self) {
        let taken = self.consumer().client().context().taken_away();
        if !taken.is_empty() {
            self.outstanding.forget(&taken);
        }
    }
}

#[async_trait]
impl Consumer for KafkaConsumer {
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.forget_what_was_taken_away();
        let room = OUTSTANDING.saturating_sub(self.outstanding.len());
        if room == 0 {
            let detail = format!("kafka: {OUTSTANDING} records taken and none acknowledged");
            return Err(EngineError::Unavailable(detail));
        }
        let max = max.max(1).min(room);
        let consumer = Arc::clone(self.consumer());
        let mut records = Vec::new();
        loop {
            // What comes is taken from here on without waiting, so that who stops waiting loses nothing.
            let message = if records.is_empty() {
                consumer.recv().await
            } else {
                match consumer.recv().now_or_never() {
                    Some(message) => message,
                    None => break,
                }
            };
            // Asking is also when partitions come and go.
            self.forget_what_was_taken_away();
            let taken = match message {
                Ok(message) => take(&mut self.outstanding, &message),
                Err(KafkaError::MessageConsumption(code)) if client::passes_by_itself(code) => {
                    tracing::warn!(topic = self.topic, %code, "kafka: goes on by itself");
                    continue;
                }
                Err(error) => Err(client::unavailable("can't consume", &error)),
            };
            match taken {
                Ok(record) => records.push(record),
                Err(error) => {
                    self.failed = Some(error.clone());
                    if records.is_empty() {
                        return Err(error);
                    }
                    break;
                }
            }
            if records.len() == max {
                break;
            }
        }
        Ok(records)
    }

    async fn ack(&mut self, position: u64) -> EngineResult<()> {
        self.forget_what_was_taken_away();
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in self.outstanding.acknowledge(position) {
            offsets
                .add_partition_offset(&self.topic, partition, Offset::Offset(next))
                .map_err(|error| client::unavailable("can't commit", &error))?;
        }
        if offsets.count() == 0 {
            return Ok(());
        }
        for tries in 1.. {
            let consumer = Arc::clone(self.consumer());
            let committing = offsets.clone();
            let commit =
                tokio::task::spawn_blocking(move || consumer.commit(&committing, CommitMode::Sync));
            match commit.await.unwrap_or(Err(KafkaError::Canceled)) {
                Ok(()) => break,
                Err(KafkaError::ConsumerCommit(RDKafkaErrorCode::RebalanceInProgress))
                    if tries < COMMIT_TRIES =>
                {
                    tokio::time::sleep(COMMIT_PAUSE).await;
                }
                // The member was given up meanwhile and joins again by itself, with what isn't acknowledged. To leave now
                // and join as another one could make that one wait for the former for as long as `max_poll_interval`.
                Err(KafkaError::ConsumerCommit(code)) if was_given_up(code) => {
                    tracing::warn!(topic = self.topic, %code, "kafka: what was done comes again");
                    break;
                }
                Err(error) => return Err(client::unavailable("can't commit", &error)),
            }
        }
        Ok(())
    }
}

impl Drop for KafkaConsumer {
    /// Leaves the group, which takes as long as the broker does: elsewhere.
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn_blocking(move || drop(consumer));
        }
    }
}

/// Returns whether a commit fails since the group goes on without this member.
fn was_given_up(code: RDKafkaErrorCode) -> bool {
    matches!(
        code,
        RDKafkaErrorCode::UnknownMemberId | RDKafkaErrorCode::IllegalGeneration
    )
}

fn take(outstanding: &mut Outstanding, message: &BorrowedMessage<'_>) -> EngineResult<QueueRecord> {
    let (chat, row) = record::read(message.key(), message.payload())?;
    Ok(QueueRecord {
        position: outstanding.give(message.partition(), message.offset()),
        chat,
        row,
    })
}

/// Notes which partitions are taken away while the group is rebalanced.
#[derive(Default)]
pub(super) struct Member(Mutex<HashSet<Partition>>);

impl Member {
    fn taken_away(&self) -> HashSet<Partition> {
        std::mem::take(&mut self.0.lock())
    }
}

impl ClientContext for Member {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::tell(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        client::tell_error(&error, reason);
    }
}

impl ConsumerContext for Member {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            let partitions = partitions.elements();
            let partitions = partitions.iter().map(|element| element.partition());
            self.0.lock().extend(partitions);
        }
    }
}
