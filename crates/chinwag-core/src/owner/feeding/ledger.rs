//! What of each shard is marked and not queued yet.

use std::collections::{BTreeMap, HashMap, HashSet};

use chinwag_proto::{ChatId, Seq};
use parking_lot::Mutex;

use crate::model::{Shard, Term};

/// Counts events by the minutes of their marks.
pub(in crate::owner) type Minutes = BTreeMap<u64, usize>;

/// What of each shard is marked and not queued yet.
#[derive(Default)]
pub(in crate::owner) struct Ledger {
    shards: Mutex<HashMap<Shard, Fed>>,
    owed: Mutex<HashMap<ChatId, Owed>>,
}

/// How far a shard is fed.
struct Fed {
    term: Term,
    /// Nothing is marked at or below it any more.
    checkpoint: u64,
    /// The minute of the last mark.
    newest: u64,
    /// The chats that have a mark of that minute.
    marked: HashSet<ChatId>,
    /// Events that the queue hasn't got.
    open: Minutes,
    /// Whether what was left by owners before is still to be queued.
    is_behind: bool,
}

/// From where on a chat's events are to be queued again.
pub(in crate::owner) struct Owed {
    pub(in crate::owner) term: Term,
    pub(in crate::owner) from: Seq,
    pub(in crate::owner) minutes: Minutes,
}

impl Ledger {
    pub(super) fn is_open(&self, shard: Shard, term: Term) -> bool {
        let shards = self.shards.lock();
        shards.get(&shard).is_some_and(|fed| fed.term >= term)
    }

    /// Begins a shard's term.
    pub(super) fn open(&self, shard: Shard, term: Term, checkpoint: u64) {
        let mut shards = self.shards.lock();
        if shards.get(&shard).is_some_and(|fed| fed.term >= term) {
            return;
        }
        let fed = Fed {
            term,
            checkpoint,
            newest: checkpoint,
            marked: HashSet::new(),
            open: Minutes::new(),
            is_behind: true,
        };
        shards.insert(shard, fed);
    }

    /// Counts events as not queued; returns their mark's minute, and whether the mark is still to be written. None where
    /// the shard is under another term.
    pub(super) fn begin(
        &self,
        shard: Shard,
        term: Term,
        now: u64,
        chat: ChatId,
        events: usize,
    ) -> Option<(u64, bool)> {
        let mut shards = self.shards.lock();
        let fed = shards.get_mut(&shard).filter(|fed| fed.term == term)?;
        let minute = now.max(fed.newest).max(fed.checkpoint + 1);
        if minute > fed.newest {
            fed.newest = minute;
            fed.marked.clear();
        }
        *fed.open.entry(minute).or_default() += events;
        Some((minute, fed.marked.insert(chat)))
    }

    /// Takes back what was begun: its mark isn't written.
    pub(super) fn undo(&self, shard: Shard, term: Term, minute: u64, chat: ChatId, events: usize) {
        self.done(shard, term, &Minutes::from([(minute, events)]));
        if let Some(fed) = self.shards.lock().get_mut(&shard)
            && fed.newest == minute
        {
            fed.marked.remove(&chat);
        }
    }

    /// Counts events as queued.
    pub(in crate::owner) fn done(&self, shard: Shard, term: Term, minutes: &Minutes) {
        let mut shards = self.shards.lock();
        let Some(fed) = shards.get_mut(&shard).filter(|fed| fed.term == term) else {
            return;
        };
        for (minute, events) in minutes {
            if let Some(open) = fed.open.get_mut(minute) {
                *open = open.saturating_sub(*events);
                if *open == 0 {
                    fed.open.remove(minute);
                }
            }
        }
    }

    /// Keeps a chat's events to be queued again. Bounded by the chats that are active while the queue is away.
    pub(in crate::owner) fn owe(&self, chat: ChatId, more: Owed) {
        let mut owed = self.owed.lock();
        match owed.get_mut(&chat) {
            Some(there) if there.term == more.term => {
                there.from = there.from.min(more.from);
                for (minute, events) in more.minutes {
                    *there.minutes.entry(minute).or_default() += events;
                }
            }
            // Under a later term the shard is fed from its marks.
            Some(there) if there.term > more.term => {}
            _ => {
                owed.insert(chat, more);
            }
        }
    }

    /// Takes all that is to be queued again.
    pub(super) fn take_owed(&self) -> Vec<(ChatId, Owed)> {
        self.owed.lock().drain().collect()
    }

    /// Returns whether what owners before left in a shard is still to be queued, and above which minute; a shard whose
    /// term didn't begin yet isn't known.
    pub(super) fn behind(&self, shard: Shard, term: Term) -> Option<u64> {
        let shards = self.shards.lock();
        let fed = shards.get(&shard).filter(|fed| fed.term == term)?;
        fed.is_behind.then_some(fed.checkpoint)
    }

    /// Tells that what owners before left in a shard is queued.
    pub(super) fn caught_up(&self, shard: Shard, term: Term) {
        let mut shards = self.shards.lock();
        if let Some(fed) = shards.get_mut(&shard).filter(|fed| fed.term == term) {
            fed.is_behind = false;
        }
    }

    /// Moves checkpoints as far as the queue has all, and returns those that moved. Nothing is marked at or below one
    /// from then on.
    pub(super) fn passed(&self, now: u64) -> Vec<(Shard, Term, u64)> {
        let mut shards = self.shards.lock();
        let moved = shards.iter_mut().filter_map(|(shard, fed)| {
            let first_open = fed.open.keys().next().copied().unwrap_or(now);
            let through = first_open.min(now).saturating_sub(1);
            let has_marks = fed.newest > fed.checkpoint;
            if fed.is_behind || !has_marks || through <= fed.checkpoint {
                return None;
            }
            fed.checkpoint = through;
            Some((*shard, fed.term, through))
        });
        moved.collect()
    }
}
