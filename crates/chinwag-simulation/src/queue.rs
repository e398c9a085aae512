//! The queue between nodes: what is published is there for every consumer until its group has acknowledged it.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Consumer, EngineResult, EventQueue, GroupSet, QueueGroup, QueueRecord},
};
use chinwag_proto::ChatId;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// The queue; clones are the same one.
#[derive(Clone, Default)]
pub(crate) struct Queue(Arc<Shared>);

#[derive(Default)]
struct Shared {
    records: Mutex<Records>,
    published: Notify,
}

#[derive(Default)]
struct Records {
    last: u64,
    all: BTreeMap<u64, (ChatId, LogRow, GroupSet)>,
    acked: BTreeMap<&'static str, u64>,
}

impl Records {
    fn acked(&self, group: QueueGroup) -> u64 {
        self.acked.get(group.name()).copied().unwrap_or_default()
    }

    fn after(&self, position: u64, group: QueueGroup) -> impl Iterator<Item = QueueRecord> {
        let later = self.all.range(position + 1..);
        let of_group = later.filter(move |(_, (.., groups))| groups.contains(group));
        of_group.map(|(position, (chat, row, _))| QueueRecord {
            position: *position,
            chat: *chat,
            row: row.clone(),
        })
    }
}

#[async_trait]
impl EventQueue for Queue {
    async fn publish(&self, events: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        let mut records = self.0.records.lock();
        for event in events {
            records.last += 1;
            let position = records.last;
            records.all.insert(position, event);
        }
        drop(records);
        self.0.published.notify_waiters();
        Ok(())
    }

    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        Ok(Box::new(Reader {
            taken: self.0.records.lock().acked(group),
            queue: self.clone(),
            group,
        }))
    }

    async fn lag(&self, group: QueueGroup) -> EngineResult<u64> {
        let records = self.0.records.lock();
        let waiting = records.after(records.acked(group), group);
        Ok(waiting.count() as u64)
    }
}

/// Reads from where its group had acknowledged when it joined.
struct Reader {
    queue: Queue,
    group: QueueGroup,
    taken: u64,
}

#[async_trait]
impl Consumer for Reader {
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>> {
        loop {
            let published = self.queue.0.published.notified();
            tokio::pin!(published);
            // Listens before it looks, so that what comes in between isn't slept over.
            published.as_mut().enable();
            let found: Vec<_> = {
                let records = self.queue.0.records.lock();
                records
                    .after(self.taken, self.group)
                    .take(max.max(1))
                    .collect()
            };
            if let Some(last) = found.last() {
                self.taken = last.position;
                return Ok(found);
            }
            published.await;
        }
    }

    async fn ack(&mut self, position: u64) -> EngineResult<()> {
        let mut records = self.queue.0.records.lock();
        let acked = records.acked.entry(self.group.name()).or_default();
        *acked = position.max(*acked);
        Ok(())
    }
}
