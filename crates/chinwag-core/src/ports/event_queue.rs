//! Every event once more, at least once, for those who work behind the log.

use async_trait::async_trait;
use chinwag_proto::ChatId;

use super::EngineResult;
use crate::model::LogRow;

/// Who reads the queue: each group gets every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueueGroup {
    /// Delivers to large chats.
    Fanout,
    /// Feeds the search index.
    Indexer,
    /// Feeds devices.
    Push,
    /// Removes what deleted chats leave; gets the ends of chats alone.
    Purger,
}

impl QueueGroup {
    /// Every group.
    pub const ALL: [QueueGroup; 4] = [Self::Fanout, Self::Indexer, Self::Push, Self::Purger];

    /// Returns the name that engines know the group by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fanout => "fanout",
            Self::Indexer => "indexer",
            Self::Push => "push",
            Self::Purger => "purger",
        }
    }
}

/// Some of the groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupSet(u8);

impl GroupSet {
    /// No group.
    pub const NONE: GroupSet = GroupSet(0);

    /// Makes a set.
    #[must_use]
    pub fn of(groups: &[QueueGroup]) -> Self {
        Self(groups.iter().fold(0, |bits, group| bits | group.bit()))
    }

    /// Returns whether a group is in it.
    #[must_use]
    pub fn contains(self, group: QueueGroup) -> bool {
        self.0 & group.bit() != 0
    }

    /// Returns whether no group is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the set as stored bits.
    #[must_use]
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Reads the set from stored bits.
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self(bits)
    }
}

impl QueueGroup {
    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// One event on the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueRecord {
    /// The record's position, rising within what one consumer gets; what `ack` takes.
    pub position: u64,
    /// The chat.
    pub chat: ChatId,
    /// The event as the log holds it (embedded: as it is now; cluster: as it was queued).
    pub row: LogRow,
}

/// Carries confirmed events to those who work behind the log.
///
/// At least once: a record comes again until it was acknowledged, also after a crash of anyone. Records of a chat
/// come in order of place, apart from repetitions; consumers take order from the place and are idempotent.
/// A group gets the events whose [`GroupSet`] names it. Embedded, the log is the queue: what was appended with
/// groups is there, no sooner than it is durable.
#[async_trait]
pub trait EventQueue: Send + Sync + 'static {
    /// Hands over confirmed events (embedded: only wakes the consumers, since the log already holds them).
    async fn publish(&self, events: Vec<(ChatId, LogRow, GroupSet)>) -> EngineResult<()>;

    /// Joins a group, at the first record that the group has not acknowledged.
    async fn join(&self, group: QueueGroup) -> EngineResult<Box<dyn Consumer>>;

    /// Returns how many records a group has not acknowledged.
    async fn lag(&self, group: QueueGroup) -> EngineResult<u64>;
}

/// A member of a group.
#[async_trait]
pub trait Consumer: Send {
    /// Waits for records, at least one, at most `max`.
    async fn next(&mut self, max: usize) -> EngineResult<Vec<QueueRecord>>;

    /// Acknowledges all records up to a position: their effect is durable. What the group gave to another member
    /// meanwhile comes again all the same.
    async fn ack(&mut self, position: u64) -> EngineResult<()>;
}
