//! A flaky [`EventQueue`]: late, away, and repeating itself; never losing.

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Consumer, EngineResult, EventQueue, GroupSet, QueueGroup, QueueRecord},
};
use chinwag_proto::ChatId;

use super::{Call, Fault, Faults, Flaky, Moment, unknown_outcome};

#[async_trait]
impl<P: EventQueue + ?Sized> EventQueue for Flaky<P> {
    async fn publish(&self, events: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        let publish = self.inner.publish(events);
        self.faults.around(Call::Write, publish).await
    }

    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        let inner = self
            .faults
            .around(Call::Read, self.inner.join(group))
            .await?;
        Ok(Box::new(FlakyConsumer {
            inner,
            faults: self.faults.clone(),
            last: Vec::new(),
            withheld: Vec::new(),
        }))
    }

    async fn lag(&self, group: QueueGroup) -> EngineResult<u64> {
        let read = self.inner.lag(group);
        self.faults.around(Call::Read, read).await
    }
}

struct FlakyConsumer {
    inner: Box<dyn Consumer>,
    faults: Faults,
    /// What came last: it may come again.
    last: Vec<QueueRecord>,
    /// What was taken when the call failed: it comes with the next one.
    withheld: Vec<QueueRecord>,
}

#[async_trait]
impl Consumer for FlakyConsumer {
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>> {
        self.faults.gates().pass(Call::Take, Moment::Before).await;
        let fault = self.faults.next(Call::Take);
        match &fault {
            Some(Fault::Refuse(error)) => return Err(error.clone()),
            Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
            Some(Fault::Repeat) if !self.last.is_empty() => {
                return Ok(self.last.iter().take(max.max(1)).cloned().collect());
            }
            _ => {}
        }
        if self.withheld.is_empty() {
            self.withheld = self.inner.next(max).await?;
        }
        self.faults.gates().pass(Call::Take, Moment::After).await;
        if fault == Some(Fault::FailAfter) {
            return Err(unknown_outcome());
        }
        let count = self.withheld.len().min(max.max(1));
        self.last = self.withheld.drain(..count).collect();
        Ok(self.last.clone())
    }

    async fn ack(&mut self, position: u64) -> EngineResult<()> {
        let ack = self.inner.ack(position);
        self.faults.around(Call::Write, ack).await
    }
}
