//! `EventQueue`: the log is the queue; records only say in which order, and for whom.

use std::{collections::VecDeque, ops::Bound, sync::Arc};

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Consumer, EngineError, EngineResult, EventQueue, GroupSet, QueueGroup, QueueRecord},
};
use chinwag_proto::ChatId;
use tokio::sync::watch;

use super::{
    batch::Batch,
    cells::{self, Acked},
    commit::{Commit, GROUPS},
    embedded::{Embedded, Inner},
    keys,
    view::{INLINE_ITEMS, View, off_thread},
};

/// How many records one call looks at at most, those of other groups included.
const LOOKED_AT: usize = 4_096;

#[async_trait]
impl EventQueue for Embedded {
    async fn publish(&self, _: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()> {
        // The append wrote the records, and its confirmation woke the consumers.
        Ok(())
    }

    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>> {
        let acked = self.inner.acked.lock()[group as usize];
        Ok(Box::new(QueueConsumer {
            durable: self.inner.durable.clone(),
            written: self.inner.written[group as usize].clone(),
            inner: Arc::clone(&self.inner),
            group,
            looked_at: acked.position,
            count: acked.count,
            unacked: VecDeque::new(),
        }))
    }

    async fn lag(&self, group: QueueGroup) -> EngineResult<u64> {
        Ok(self.inner.lag(group))
    }
}

/// A reader of the queue.
struct QueueConsumer {
    inner: Arc<Inner>,
    durable: watch::Receiver<Commit>,
    written: watch::Receiver<u64>,
    group: QueueGroup,
    /// The last position that was looked at.
    looked_at: u64,
    /// Records of the group up to there, since ever.
    count: u64,
    /// Records looked at and not acknowledged, each with the count up to it; bounded by what the consumer takes
    /// without acknowledging.
    unacked: VecDeque<Acked>,
}

/// What a look at the queue found.
struct Look {
    through: u64,
    records: Vec<(u64, Option<QueueRecord>)>,
}

#[async_trait]
impl Consumer for QueueConsumer {
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>> {
        loop {
            // Marked as seen before the commit is read: what comes in between wakes it once more.
            self.written.mark_unchanged();
            let durable = *self.durable.borrow();
            let end = durable.position;
            if durable.written(self.group) == self.count {
                // Nothing of what came since is for this group.
                self.looked_at = self.looked_at.max(end);
            }
            // It isn't woken for records of others: those that are gone since aren't looked for one by one.
            self.looked_at = self.looked_at.max(durable.oldest.saturating_sub(1));
            if self.looked_at >= end {
                let closed = |_| EngineError::Unavailable("the store was closed".into());
                self.written.changed().await.map_err(closed)?;
                continue;
            }
            let (view, group, after) = (self.inner.view.clone(), self.group, self.looked_at);
            let few = end - after <= INLINE_ITEMS as u64;
            let look = move || look(&view, group, after, end, max.max(1));
            let look = if few {
                look()?
            } else {
                off_thread(look).await?
            };
            let all_acked = self.unacked.is_empty();
            let records = self.take(look);
            if !records.is_empty() {
                return Ok(records);
            }
            if all_acked && let Some(last) = self.unacked.back().copied() {
                // Only events of purged chats: nobody gets them, so nobody would acknowledge them.
                self.acknowledge(last.position)?;
            }
        }
    }

    async fn ack(&mut self, position: u64) -> EngineResult<()> {
        self.acknowledge(position)
    }
}

impl QueueConsumer {
    fn acknowledge(&mut self, position: u64) -> EngineResult<()> {
        let mut acked = None;
        while let Some(first) = self.unacked.front().copied()
            && first.position <= position
        {
            acked = Some(first);
            self.unacked.pop_front();
        }
        let Some(acked) = acked else { return Ok(()) };
        let group = self.group;
        {
            let mut all = self.inner.acked.lock();
            let known = &mut all[group as usize];
            if known.position >= acked.position {
                return Ok(());
            }
            *known = acked;
        }
        let trim = self.unneeded_through();
        let write = move |batch: &mut Batch| {
            batch.put(keys::ack(group), acked.to_bytes());
            batch.trim_queue(trim);
            Ok(())
        };
        self.inner.write_unawaited(write)
    }

    fn take(&mut self, look: Look) -> Vec<QueueRecord> {
        self.looked_at = look.through;
        let mut records = Vec::with_capacity(look.records.len());
        for (position, record) in look.records {
            self.count += 1;
            self.unacked.push_back(Acked {
                position,
                count: self.count,
            });
            records.extend(record);
        }
        records
    }

    /// Returns the position up to which no group needs its records; a group without unacknowledged ones needs none.
    fn unneeded_through(&self) -> u64 {
        let durable = *self.durable.borrow();
        let acked = *self.inner.acked.lock();
        QueueGroup::ALL
            .into_iter()
            .filter(|group| durable.written(*group) > acked[*group as usize].count)
            .map(|group| acked[group as usize].position)
            .min()
            .unwrap_or(durable.position)
    }
}

fn look(view: &View, group: QueueGroup, after: u64, end: u64, max: usize) -> EngineResult<Look> {
    let range = view.range(
        Bound::Excluded(keys::queue(after)),
        Bound::Included(keys::queue(end)),
    );
    let mut look = Look {
        through: end,
        records: Vec::new(),
    };
    for (looked_at, row) in range.enumerate() {
        let (key, value) = row?;
        let position = position_of(&key)?;
        if look.records.len() == max || looked_at == LOOKED_AT {
            look.through = position - 1;
            break;
        }
        let (chat, seq, groups) = cells::read_record(&value)?;
        if !groups.contains(group) {
            continue;
        }
        // The event as it is now; none once its chat was purged.
        let row = view.log_row(chat, seq)?;
        let record = row.map(|row| QueueRecord {
            position,
            chat,
            row,
        });
        look.records.push((position, record));
    }
    Ok(look)
}

fn position_of(key: &[u8]) -> EngineResult<u64> {
    keys::number_at(key, 1).ok_or_else(|| super::error::undecodable("queue key"))
}

/// Reads how far each group is. One that doesn't read the queue is as far as the queue, so that it holds up nothing;
/// that is written with the next commit.
pub(super) fn begin(
    view: &View,
    batch: &mut Batch,
    commit: &Commit,
    groups: GroupSet,
) -> EngineResult<[Acked; GROUPS]> {
    let mut acked = [Acked::default(); GROUPS];
    for group in QueueGroup::ALL {
        let key = keys::ack(group);
        if groups.contains(group) {
            if let Some(bytes) = view.get(&key)? {
                acked[group as usize] = Acked::from_bytes(&bytes)?;
            }
            continue;
        }
        let all = Acked {
            position: commit.position,
            count: commit.written(group),
        };
        batch.put(key, all.to_bytes());
        acked[group as usize] = all;
    }
    Ok(acked)
}

#[cfg(test)]
mod tests {
    use chinwag_core::{
        model::{RowBody, Term},
        ports::{Append, MessageStore},
    };
    use chinwag_proto::{EventId, Seq, Timestamp, UserId};

    use super::*;
    use crate::fjall::{Options, high_water};

    fn append(seq: u64) -> Append {
        Append {
            chat: ChatId(1),
            row: LogRow {
                term: Term(1),
                confirmed: Seq(0),
                seq: Seq(seq),
                id: EventId(seq),
                user: UserId::new("ana").unwrap(),
                timestamp: Timestamp::default(),
                count: 0,
                previous_message: Seq(0),
                client_id: None,
                digest: None,
                body: RowBody::Term,
            },
            follows: Vec::new(),
            groups: GroupSet::of(&[QueueGroup::Indexer]),
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_consumer_sees_nothing_that_the_mark_does_not_cover() {
        let directory = tempfile::tempdir().unwrap();
        let store = Embedded::open(directory.path(), Options::default()).unwrap();
        let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
        let appending = tokio::spawn({
            let store = Arc::clone(&store);
            async move {
                for seq in 1..=300 {
                    store.append(vec![append(seq)]).await.unwrap();
                }
            }
        });
        let mut seen = 0;
        while seen < 300 {
            seen += consumer.next(1_000).await.unwrap().len() as u64;
            let mark = high_water::read(&directory.path().join(high_water::FILE)).unwrap();
            let covered = mark.unwrap().events;
            assert!(covered >= seen, "{seen} seen, {covered} durable");
        }
        appending.await.unwrap();
    }
}
