//! `QueueMarks` (rule T3).

use std::collections::HashMap;

use async_trait::async_trait;
use chinwag_core::{
    model::{Shard, Term},
    ports::{EngineResult, QueueMark, QueueMarks, Stamp},
};
use chinwag_proto::{ChatId, Seq};

use super::{
    keys::{chat_from, chat_key, place_from, place_key, stamp_key},
    store::Cassandra,
};

/// Marks read at a time.
const PAGE: usize = 5_000;

#[async_trait]
impl QueueMarks for Cassandra {
    async fn mark(&self, mark: QueueMark) -> EngineResult<()> {
        let stamp = Stamp {
            term: mark.term,
            seq: mark.first,
        };
        let values = (
            i32::from(mark.shard.0),
            minute_key(mark.minute),
            chat_key(mark.chat),
            place_key(mark.first),
            stamp_key(stamp),
        );
        self.cql
            .write(&self.statements.put_queue_mark, values)
            .await
    }

    async fn checkpoint(&self, shard: Shard) -> EngineResult<u64> {
        let key = (i32::from(shard.0),);
        let row: Option<(i64,)> = self.cql.row(&self.statements.queue_checkpoint, key).await?;
        Ok(row.map_or(0, |(minute,)| minute.cast_unsigned()))
    }

    async fn marked(&self, shard: Shard, above_minute: u64) -> EngineResult<Vec<(ChatId, Seq)>> {
        let mut lowest: HashMap<ChatId, Seq> = HashMap::new();
        let limit = i32::try_from(PAGE).unwrap_or(i32::MAX);
        let (mut minute, mut chat, mut place) = (minute_key(above_minute), i64::MAX, i64::MAX);
        loop {
            let values = (i32::from(shard.0), minute, chat, place, limit);
            let rows: Vec<(i64, i64, i64)> =
                self.cql.rows(&self.statements.queue_marks, values).await?;
            for (_, chat, place) in &rows {
                let first = place_from(*place);
                let held = lowest.entry(chat_from(*chat)).or_insert(first);
                *held = first.min(*held);
            }
            match rows.last() {
                Some(last) if rows.len() == PAGE => (minute, chat, place) = *last,
                _ => return Ok(lowest.into_iter().collect()),
            }
        }
    }

    async fn pass(&self, shard: Shard, term: Term, minute: u64) -> EngineResult<()> {
        let (key, minute_key) = (i32::from(shard.0), minute_key(minute));
        let stamp = |term: Term, seq| stamp_key(Stamp { term, seq });
        let values = (key, minute_key, stamp(term, Seq(minute)));
        self.cql
            .write(&self.statements.put_queue_checkpoint, values)
            .await?;
        // Above every mark of this term, below those of the next.
        let all = stamp(Term(term.0 + 1), Seq(0)) - 1;
        let values = (all, key, minute_key);
        self.cql
            .write(&self.statements.remove_queue_marks, values)
            .await
    }
}

/// Minutes end where CQL's numbers do.
fn minute_key(minute: u64) -> i64 {
    place_key(Seq(minute))
}
