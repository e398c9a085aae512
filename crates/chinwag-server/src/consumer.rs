//! The loop of those who work behind the log: take records, bring about their effect, acknowledge.

use std::{convert::Infallible, time::Duration};

use async_trait::async_trait;
use chinwag_core::ports::{EngineResult, EventQueue, QueueGroup, QueueRecord};
use tokio_util::sync::CancellationToken;

/// How long to wait after the first failure; twice as long after each that follows.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// Who works behind the log, as a member of a group of the queue.
#[async_trait]
pub(crate) trait Worker: Send + Sync {
    /// The group.
    const GROUP: QueueGroup;
    /// Records taken at a time.
    const BATCH: usize;
    /// How long to wait after a failure at most.
    const LONGEST_PAUSE: Duration;

    /// Returns where records come from.
    fn queue(&self) -> &dyn EventQueue;

    /// Brings about the effect of records; harmless when repeated.
    async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()>;
}

/// Lets a worker work until it is cancelled.
///
/// Nothing is acknowledged before its effect was brought about; after a failure the group is joined again, where it
/// acknowledged.
pub(crate) async fn run<W: Worker>(worker: &W, cancel: CancellationToken) {
    let mut pause = FIRST_PAUSE;
    loop {
        let worked = tokio::select! {
            () = cancel.cancelled() => return,
            worked = work(worker, &mut pause) => worked,
        };
        let Err(error) = worked;
        let group = W::GROUP.name();
        tracing::warn!(%error, group, "work stopped; it begins again where it acknowledged");
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(W::LONGEST_PAUSE);
    }
}

async fn work<W: Worker>(worker: &W, pause: &mut Duration) -> EngineResult<Infallible> {
    let mut consumer = worker.queue().join(W::GROUP).await?;
    loop {
        let records = consumer.next(W::BATCH).await?;
        let Some(last) = records.last().map(|record| record.position) else {
            continue;
        };
        worker.take(records).await?;
        consumer.ack(last).await?;
        *pause = FIRST_PAUSE;
    }
}
