//! Sees to it that the queue gets what the log has, where the log isn't itself the queue (rule T3).
//!
//! A mark says from which place on a chat's events may be missing; it is written before the first event that it covers.
//! A shard's checkpoint passes a minute once the queue has all that was marked in it. What couldn't be queued, or was
//! left by an owner before, is read from the log and queued again, and its last event is told again to who is online:
//! clients repair the places below by themselves.

mod again;
mod ledger;

use std::{sync::Arc, time::Duration};

use chinwag_proto::{ChatId, Problem, Seq};

pub(super) use ledger::{Ledger, Minutes, Owed};

use super::{Owner, chat::Chat, writer::unknown_outcome};
use crate::{
    model::{Shard, Term},
    ports::{EngineError, EngineResult, QueueMark, QueueMarks},
};

/// How long to wait before a mark is written again.
const RETRY: Duration = Duration::from_millis(100);
/// How often what is missing is queued again.
const FED_EVERY: Duration = Duration::from_secs(1);
/// After how many rounds of feeding checkpoints move.
const ROUNDS_PER_CHECKPOINT: u64 = 20;

impl Owner {
    /// Marks a chat before so many of its events from a place on are stored; returns the mark's minute. Nothing to do, and
    /// nothing returned, where the log is the queue.
    pub(super) async fn mark(
        &self,
        id: ChatId,
        chat: &Chat,
        first: Seq,
        events: usize,
    ) -> Result<Option<u64>, Problem> {
        let Some(marks) = &self.ports.marks else {
            return Ok(None);
        };
        loop {
            let marked = self.try_mark(&**marks, id, chat.term, first, events).await;
            match marked {
                Ok(minute) => return Ok(Some(minute)),
                Err(error) => {
                    if !self.is_current(id, chat) || self.stopping.is_cancelled() {
                        return Err(unknown_outcome());
                    }
                    tracing::warn!(chat = %id, %error, "can't mark what is to be queued; trying again");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    pub(super) async fn try_mark(
        &self,
        marks: &dyn QueueMarks,
        id: ChatId,
        term: Term,
        first: Seq,
        events: usize,
    ) -> EngineResult<u64> {
        let shard = Shard::of(id);
        self.open_shard(marks, shard, term).await?;
        let begun = self.ledger.begin(shard, term, self.minute(), id, events);
        let Some((minute, is_new)) = begun else {
            let detail = "the shard goes on under another term";
            return Err(EngineError::Unavailable(detail.into()));
        };
        if is_new {
            let mark = QueueMark {
                shard,
                minute,
                chat: id,
                first,
                term,
            };
            if let Err(error) = marks.mark(mark).await {
                self.ledger.undo(shard, term, minute, id, events);
                return Err(error);
            }
        }
        Ok(minute)
    }

    /// Makes this owner's checkpoint the one that holds, before it marks anything: a late one of an owner before would
    /// else pass over marks of this one.
    async fn open_shard(
        &self,
        marks: &dyn QueueMarks,
        shard: Shard,
        term: Term,
    ) -> EngineResult<()> {
        if self.ledger.is_open(shard, term) {
            return Ok(());
        }
        let checkpoint = marks.checkpoint(shard).await?;
        marks.pass(shard, term, checkpoint).await?;
        self.ledger.open(shard, term, checkpoint);
        Ok(())
    }

    /// Returns the minute that it is, since 1970.
    fn minute(&self) -> u64 {
        let millis = self.ports.clock.now().unix_millis();
        u64::try_from(millis / 60_000).unwrap_or_default()
    }

    pub(super) async fn keep_feeding(self: Arc<Self>, marks: Arc<dyn QueueMarks>) {
        for round in 1_u64.. {
            self.feed_what_was_left(&*marks).await;
            self.feed_what_is_owed().await;
            if round.is_multiple_of(ROUNDS_PER_CHECKPOINT) {
                self.move_checkpoints(&*marks).await;
            }
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(FED_EVERY) => {}
            }
        }
    }

    /// Moves the checkpoints of shards over the minutes that the queue has all of.
    pub(super) async fn move_checkpoints(&self, marks: &dyn QueueMarks) {
        for (shard, term, minute) in self.ledger.passed(self.minute()) {
            if let Err(error) = marks.pass(shard, term, minute).await {
                // The next one does it.
                tracing::warn!(shard = shard.0, %error, "can't move a shard's checkpoint");
                return;
            }
        }
    }
}
