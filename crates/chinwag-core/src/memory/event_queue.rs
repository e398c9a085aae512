//! [`EventQueue`] in memory: the log is the queue, as in the embedded mode.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use chinwag_proto::{ChatId, EventId, Seq};

use super::store::{MemoryStore, State};
use crate::{
    model::LogRow,
    ports::{Consumer, EngineResult, EventQueue, GroupSet, QueueGroup, QueueRecord},
};

/// Which events wait for whom. Kept until every group that gets one has acknowledged it.
#[derive(Debug, Default)]
pub(super) struct Queue {
    last: u64,
    records: BTreeMap<u64, (Event, GroupSet)>,
    /// The events in `records`: a repeated append doesn't double one.
    waiting: BTreeSet<Event>,
    acked: [u64; QueueGroup::ALL.len()],
}

type Event = (ChatId, Seq, EventId);

impl Queue {
    /// Adds an event.
    pub(super) fn add(&mut self, chat: ChatId, seq: Seq, id: EventId, groups: GroupSet) {
        let event = (chat, seq, id);
        if groups.is_empty() || !self.waiting.insert(event) {
            return;
        }
        self.last += 1;
        self.records.insert(self.last, (event, groups));
    }

    fn acked(&self, group: QueueGroup) -> u64 {
        self.acked[group as usize]
    }

    fn after(&self, position: u64, group: QueueGroup) -> impl Iterator<Item = (u64, Event)> {
        self.records
            .range(position + 1..)
            .filter(move |(_, (_, groups))| groups.contains(group))
            .map(|(position, (event, _))| (*position, *event))
    }

    fn ack(&mut self, group: QueueGroup, position: u64) {
        let acked = &mut self.acked[group as usize];
        *acked = position.min(self.last).max(*acked);
        let (acked, waiting) = (self.acked, &mut self.waiting);
        self.records.retain(|position, (event, groups)| {
            let wanted = QueueGroup::ALL
                .into_iter()
                .any(|group| groups.contains(group) && acked[group as usize] < *position);
            if !wanted {
                waiting.remove(event);
            }
            wanted
        });
    }
}

#[async_trait]
impl EventQueue for MemoryStore {
    async fn publish(&self, _: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        self.queued().notify_waiters();
        Ok(())
    }

    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        Ok(Box::new(MemoryConsumer {
            store: self.clone(),
            group,
            taken: self.state().queue.acked(group),
        }))
    }

    async fn lag(&self, group: QueueGroup) -> EngineResult<u64> {
        let state = self.state();
        let waiting = state.queue.after(state.queue.acked(group), group);
        Ok(waiting.count() as u64)
    }
}

/// Reads the queue from where its group had acknowledged when it joined.
struct MemoryConsumer {
    store: MemoryStore,
    group: QueueGroup,
    taken: u64,
}

#[async_trait]
impl Consumer for MemoryConsumer {
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>> {
        let store = self.store.clone();
        loop {
            let queued = store.queued().notified();
            tokio::pin!(queued);
            // Listens before it looks, so that what comes in between isn't slept over.
            queued.as_mut().enable();
            let records = store.state().records(self.taken, self.group, max.max(1));
            if let Some(last) = records.last() {
                self.taken = last.position;
                return Ok(records);
            }
            queued.await;
        }
    }

    async fn ack(&mut self, position: u64) -> EngineResult<()> {
        self.store.state().queue.ack(self.group, position);
        Ok(())
    }
}

impl State {
    /// Returns the group's next records whose events the log still holds.
    fn records(&self, after: u64, group: QueueGroup, max: usize) -> Vec<QueueRecord> {
        let record = |(position, (chat, seq, id)): (u64, Event)| {
            let cell = self.log.get(&(chat, seq))?;
            (cell.value.id == id).then(|| QueueRecord {
                position,
                chat,
                row: cell.value.clone(),
            })
        };
        let records = self.queue.after(after, group);
        records.filter_map(record).take(max).collect()
    }
}
