//! Messages that are to be looked at, now or in a while.

use std::{collections::BTreeMap, sync::Arc};

use chinwag_core::{
    model::{LogRow, StoredMessage},
    ports::QueueRecord,
};
use chinwag_proto::{ChatId, MessageId, Seq, Timestamp, UserId};
use tokio::time::Instant;

use super::{progress::Ticket, quiet::Moment};

/// A message as far as it matters whom it is told.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) chat: ChatId,
    pub(super) seq: Seq,
    pub(super) id: MessageId,
    pub(super) sender: UserId,
    pub(super) mentions: Vec<UserId>,
    pub(super) sent_at: Timestamp,
    pub(super) moment: Moment,
    /// Whether everything that follows is through.
    pub(super) ticket: Arc<Ticket>,
}

impl Notice {
    /// Takes a record; none where it is no message to tell anybody.
    pub(super) fn of(record: &QueueRecord, moment: Moment, ticket: Arc<Ticket>) -> Option<Self> {
        let LogRow { seq, id, .. } = record.row;
        let message: &StoredMessage = record.row.message()?;
        if message.deleted.is_some() || record.row.is_imported() {
            return None;
        }
        Some(Self {
            chat: record.chat,
            seq,
            id,
            sender: record.row.user.clone(),
            mentions: message.mentions.clone(),
            sent_at: record.row.timestamp,
            moment,
            ticket,
        })
    }
}

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The message just came: who has no session is told at once.
    Came,
    /// Sessions had their time: whose acknowledged nothing is told.
    Acknowledged,
    /// Whose did had theirs to read: who hasn't is told.
    Unread,
}

/// A message to be looked at.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) notice: Arc<Notice>,
    pub(super) stage: Stage,
    /// For whom; all whom it may concern where none are named.
    pub(super) users: Option<Vec<UserId>>,
}

impl Look {
    fn weight(&self) -> usize {
        1 + self.users.as_ref().map_or(0, Vec::len)
    }
}

/// The messages that wait, by when they are due.
#[derive(Debug, Default)]
pub(super) struct Looks {
    waiting: BTreeMap<(Instant, u64), Look>,
    next_number: u64,
    weight: usize,
}

impl Looks {
    /// Adds one.
    pub(super) fn add(&mut self, look: Look, due: Instant) {
        self.weight += look.weight();
        self.next_number += 1;
        self.waiting.insert((due, self.next_number), look);
    }

    /// Returns when the first is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// Takes the first that is due.
    pub(super) fn take(&mut self, now: Instant) -> Option<Look> {
        let entry = self.waiting.first_entry()?;
        if entry.key().0 > now {
            return None;
        }
        let look = entry.remove();
        self.weight -= look.weight();
        Some(look)
    }

    /// Returns how much waits: messages, and the users named with them.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}
