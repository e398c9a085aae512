//! The loop of those who work behind the log: take records, bring about their effect, acknowledge.

use std::{convert::Infallible, time::Duration};

use async_trait::async_trait;
use chinwag_core::ports::{
    Consumer, EngineError, EngineResult, EventQueue, QueueGroup, QueueRecord,
};
use tokio::time::{Instant, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

/// How long to wait after the first failure; twice as long after each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How long few records are left to become more before the queue is looked at again: one look for many appends.
const LOOKS_EVERY: Duration = Duration::from_millis(25);
/// Records asked of the queue in one call: with 16 KiB each, 32 MiB at worst.
const ONE_CALL: usize = 2_000;
/// The text of records that are gathered, bytes: from here on no more are asked for.
const GATHERED_BYTES: usize = 8 << 20;

/// Who works behind the log, as a member of a group of the queue.
#[async_trait]
pub(crate) trait Worker: Send + Sync {
    /// The group.
    const GROUP: QueueGroup;
    /// Records taken at a time.
    const BATCH: usize;
    /// How long records are gathered before they are taken, where a batch costs more than what is in it.
    const GATHERS_FOR: Duration = Duration::ZERO;
    /// How long to wait after a failure at most.
    const LONGEST_PAUSE: Duration;

    /// Returns where records come from.
    fn queue(&self) -> &dyn EventQueue;

    /// Brings about the effect of records, durably; harmless when repeated.
    async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()>;
}

/// Lets a worker work until it is cancelled.
///
/// Nothing is acknowledged before its effect was brought about; after a failure the group is joined again, where it
/// acknowledged.
pub(crate) async fn run<W: Worker>(worker: &W, cancel: CancellationToken) {
    let mut pauses = Pauses::new(W::GROUP, W::LONGEST_PAUSE);
    let working = async {
        loop {
            let Err(error) = work(worker, &mut pauses).await;
            pauses.after(error).await;
        }
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        never = working => match never {},
    }
}

/// The pauses between a group's failures.
pub(crate) struct Pauses {
    group: QueueGroup,
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Makes the pauses of a group.
    pub(crate) fn new(group: QueueGroup, longest: Duration) -> Self {
        Self {
            group,
            next: FIRST_PAUSE,
            longest,
        }
    }

    /// Says that the group got on: the next pause is short.
    pub(crate) fn reset(&mut self) {
        self.next = FIRST_PAUSE;
    }

    /// Waits after a failure, twice as long as after the one before.
    pub(crate) async fn after(&mut self, error: EngineError) {
        let group = self.group.name();
        tracing::warn!(%error, group, "work stopped; it begins again where it acknowledged");
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }
}

async fn work<W: Worker>(worker: &W, pauses: &mut Pauses) -> EngineResult<Infallible> {
    let mut consumer = worker.queue().join(W::GROUP).await?;
    loop {
        let records = gather::<W>(&mut *consumer).await?;
        let Some(last) = records.last().map(|record| record.position) else {
            continue;
        };
        worker.take(records).await?;
        consumer.ack(last).await?;
        pauses.reset();
    }
}

/// Waits for records, and for more until there are enough or time is up.
async fn gather<W: Worker>(consumer: &mut dyn Consumer) -> EngineResult<Vec<QueueRecord>> {
    let mut records = consumer.next(W::BATCH.min(ONE_CALL)).await?;
    if W::GATHERS_FOR.is_zero() {
        return Ok(records);
    }
    let time_is_up = Instant::now() + W::GATHERS_FOR;
    let mut are_few = records.len() < W::BATCH.min(ONE_CALL);
    while records.len() < W::BATCH && text_bytes(&records) < GATHERED_BYTES {
        if are_few {
            sleep_until(time_is_up.min(Instant::now() + LOOKS_EVERY)).await;
        }
        let asked = (W::BATCH - records.len()).min(ONE_CALL);
        // A consumer that is left waiting loses nothing.
        match timeout_at(time_is_up, consumer.next(asked)).await {
            Ok(more) => {
                let more = more?;
                are_few = more.len() < asked;
                records.extend(more);
            }
            Err(_) => break,
        }
    }
    Ok(records)
}

fn text_bytes(records: &[QueueRecord]) -> usize {
    let messages = records.iter().filter_map(|record| record.row.message());
    messages.map(|message| message.content.len()).sum()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chinwag_conformance::{Conversation, chat};
    use chinwag_core::{memory::MemoryStore, ports::MessageStore as _};
    use parking_lot::Mutex;

    use super::*;

    /// Counts what it takes at a time; gathers four for so many milliseconds.
    struct Counts<const MILLIS: u64> {
        queue: Arc<MemoryStore>,
        batches: Mutex<Vec<usize>>,
    }

    #[async_trait]
    impl<const MILLIS: u64> Worker for Counts<MILLIS> {
        const GROUP: QueueGroup = QueueGroup::Indexer;
        const BATCH: usize = 4;
        const GATHERS_FOR: Duration = Duration::from_millis(MILLIS);
        const LONGEST_PAUSE: Duration = Duration::from_millis(500);

        fn queue(&self) -> &dyn EventQueue {
            &*self.queue
        }

        async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()> {
            self.batches.lock().push(records.len());
            Ok(())
        }
    }

    impl<const MILLIS: u64> Counts<MILLIS> {
        /// Appends messages one after the other, and waits until so many were taken.
        async fn taken(messages: usize, count: usize) -> Vec<usize> {
            let worker = Self {
                queue: Arc::default(),
                batches: Mutex::default(),
            };
            let cancel = CancellationToken::new();
            let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
            let speak = async {
                for _ in 0..messages {
                    let appends = vec![talk.message("ana", "x")];
                    worker.queue.append(appends).await.unwrap();
                    tokio::task::yield_now().await;
                }
                while worker.queue.lag(QueueGroup::Indexer).await.unwrap() as usize
                    > messages - count
                {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                cancel.cancel();
            };
            tokio::join!(run(&worker, cancel.clone()), speak);
            worker.batches.into_inner()
        }
    }

    #[tokio::test]
    async fn records_are_gathered_until_there_are_enough() {
        const AN_HOUR: u64 = 3_600_000;
        assert_eq!(Counts::<AN_HOUR>::taken(9, 8).await, [4, 4]);
    }

    #[tokio::test]
    async fn few_records_are_taken_when_time_is_up() {
        assert_eq!(Counts::<20>::taken(1, 1).await, [1]);
    }
}
