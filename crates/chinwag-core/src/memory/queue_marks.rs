//! [`QueueMarks`] in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::{ChatId, Seq};

use super::store::{MemoryStore, put};
use crate::{
    model::{Shard, Term},
    ports::{EngineResult, QueueMark, QueueMarks, Stamp},
};

#[async_trait]
impl QueueMarks for MemoryStore {
    async fn mark(&self, mark: QueueMark) -> EngineResult<()> {
        let key = (mark.shard, mark.minute, mark.chat, mark.first);
        self.state().queue_marks.insert(key, mark.term);
        Ok(())
    }

    async fn checkpoint(&self, shard: Shard) -> EngineResult<u64> {
        let state = self.state();
        let checkpoint = state.queue_checkpoints.get(&shard);
        Ok(checkpoint.map_or(0, |checkpoint| checkpoint.value))
    }

    async fn marked(&self, shard: Shard, above_minute: u64) -> EngineResult<Vec<(ChatId, Seq)>> {
        let mut lowest: BTreeMap<ChatId, Seq> = BTreeMap::new();
        for (of, minute, chat, first) in self.state().queue_marks.keys().copied() {
            if of == shard && minute > above_minute {
                let held = lowest.entry(chat).or_insert(first);
                *held = first.min(*held);
            }
        }
        Ok(lowest.into_iter().collect())
    }

    async fn pass(&self, shard: Shard, term: Term, minute: u64) -> EngineResult<()> {
        let mut state = self.state();
        let stamp = Stamp {
            term,
            seq: Seq(minute),
        };
        put(&mut state.queue_checkpoints, shard, stamp, minute);
        state
            .queue_marks
            .retain(|(of, at, ..), by| *of != shard || *at > minute || *by > term);
        Ok(())
    }
}
