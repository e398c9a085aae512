//! The chats' logs, and what follows from each event.

use async_trait::async_trait;
use chinwag_proto::{ChatId, ClientId, EventId, Seq, UserId};

use super::{EngineResult, event_queue::GroupSet};
use crate::model::{ChatRow, LogRow, MemberRow, Term};

/// Keeps every chat's log.
///
/// - `append` is durable when it answers `Ok`: embedded after an fsync, in a cluster after a quorum. What one
///   [`Append`] holds is written as a whole (embedded: atomically; cluster: the row last), and appends of one
///   chat in one call take effect in the order given. On an error any part may have happened, except with
///   `Full` and `ReadOnly`, where nothing has.
/// - Writing the same append again is harmless (rule S4). A write under a lower [`Stamp`] than what is there
///   loses (rule S3).
/// - Reads see every confirmed append; they may also see appends that are not confirmed yet, so callers stay at
///   or below the confirmed head (rule A3). Who sees a row finds it by its id and by its request, and sees its
///   members. "Not found" is `None` or a shorter list.
/// - Errors: `Full`, `ReadOnly` from writes only; `Unavailable`; `Damaged`.
#[async_trait]
pub trait MessageStore: Send + Sync + 'static {
    /// Writes events and what follows from each; bounded by the caller to 1,000 at a time.
    async fn append(&self, appends: Vec<Append>) -> EngineResult<()>;

    /// Writes rows again as they were read, and by what each is found, each under a stamp of a later term: then no late
    /// write of a term in between takes their places (rule T2). A row keeps the term that placed it. Durable as `append`
    /// is; harmless when repeated.
    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()>;

    /// Returns whether an append may be there in part, so that the owner writes what an event changes in earlier rows by
    /// [`MessageStore::amend`] once the event itself is confirmed and it still owns the chat: a change that has no event
    /// can then be found, and undone (rule S2). Embedded an append is whole, and nothing needs a second step.
    fn amends_apart(&self) -> bool {
        false
    }

    /// Writes what events change in earlier rows ([`Follow::changes_before`]) and nothing else of them, the changed
    /// rows last; asked for only where [`MessageStore::amends_apart`] says so. Harmless when repeated.
    async fn amend(&self, appends: Vec<Append>) -> EngineResult<()> {
        self.append(appends).await
    }

    /// Writes a message with its versions and reactions again as they are, under a stamp of a later term: then no late
    /// write of an event that came to nothing changes them. Embedded nothing is late.
    async fn seal(&self, _chat: ChatId, _message: Seq, _stamp: Stamp) -> EngineResult<()> {
        Ok(())
    }

    /// Reads rows of one chat in order of place, at most `range.limit`.
    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>>;

    /// Reads single rows; the answer has the order and length of the question.
    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>>;

    /// Reads the last row of each chat; the answer has the order and length of the question.
    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>>;

    /// Finds an event by its id. A hit counts only if the log holds that id at that place.
    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>>;

    /// Reserves ids for events of a chat that an import brings (rule I3): tells of each whether the chat has it now.
    ///
    /// No event has it then, and none of another chat gets it from here, whoever asks and at which node: for a day where
    /// several processes write, else for as long as the process lives and no 100,000 others were reserved. The answer has
    /// the order and length of the question, which is bounded by the caller to 1,000. Harmless when repeated.
    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>>;

    /// Finds a request by its sender's id for it. A hit counts only if the log holds that id at that place.
    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>>;

    /// Reads a message's earlier contents, oldest first, each with the time since when it was so.
    async fn versions(
        &self,
        chat: ChatId,
        message: Seq,
    ) -> EngineResult<Vec<chinwag_proto::shapes::Version>>;

    /// Reads which keys each of the messages has from `user`; the answer has the order and length of the question.
    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>>;

    /// Reads who reacted to a message with what, in any order, at most `limit`.
    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>>;

    /// Removes a deleted chat's rows and what followed from them, also from the queue. The event that deleted it
    /// stays, so that all who work behind the log learn of it; the chat's row, its members and marks stay in the
    /// directory. In bounded steps, between which others write; after a crash it begins anew. Harmless when repeated.
    async fn purge(&self, chat: ChatId) -> EngineResult<()>;
}

/// Which write of a cell wins: the one of the higher term, then of the higher place (rule S3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    /// The term that wrote.
    pub term: Term,
    /// The place of the event that caused the write.
    pub seq: Seq,
}

impl Stamp {
    /// Returns the stamp as one number: term · 2^40 + place.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        (i64::from(self.term.0) << 40) + i64::try_from(self.seq.0).unwrap_or(i64::MAX >> 24)
    }
}

/// One event and what follows from it (rule A1). Its stamp is `(row.term, row.seq)`; `row.client_id` says whether
/// a `sent` row is written, `row.id` becomes an `ids` row.
#[derive(Debug, Clone, PartialEq)]
pub struct Append {
    /// The chat.
    pub chat: ChatId,
    /// The event.
    pub row: LogRow,
    /// What else is written under the same stamp.
    pub follows: Vec<Follow>,
    /// Which groups of the queue get it.
    pub groups: GroupSet,
}

/// What follows from an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Follow {
    /// The changed message's row, whole.
    Amend(LogRow),
    /// The content that a message had before an edit.
    KeepVersion {
        /// The message's place.
        message: Seq,
        /// What it was.
        version: chinwag_proto::shapes::Version,
        /// Its number among those that this event keeps, oldest first: an edit keeps one, 0; an import brings all.
        nth: u16,
    },
    /// A reaction was put on or taken off.
    Reaction {
        /// The message's place.
        message: Seq,
        /// Who.
        user: UserId,
        /// The reaction.
        key: String,
        /// Put on, or taken off.
        on: bool,
    },
    /// A message's versions and reactions are gone (it was deleted).
    Forget {
        /// The message's place.
        message: Seq,
    },
    /// A membership as it is from here on.
    Member(MemberRow),
    /// A chat as it is from here on.
    Chat(ChatRow),
}

impl Follow {
    /// Returns whether the event at a place changes an earlier row, or what belongs to one, by this.
    #[must_use]
    pub fn changes_before(&self, seq: Seq) -> bool {
        match self {
            Self::Amend(row) => row.seq < seq,
            Self::KeepVersion { message, .. }
            | Self::Reaction { message, .. }
            | Self::Forget { message } => *message < seq,
            Self::Member(_) | Self::Chat(_) => false,
        }
    }
}

/// A run of places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadRange {
    /// The first place that may be read.
    pub from: Seq,
    /// The last place that may be read.
    pub through: Seq,
    /// How many rows at most.
    pub limit: usize,
    /// From which end.
    pub order: Order,
    /// Whether only messages are wanted; skips runs of other events.
    pub messages_only: bool,
}

impl ReadRange {
    /// Makes the run of all events from a place through another, the lowest first.
    #[must_use]
    pub const fn rising(from: Seq, through: Seq, limit: usize) -> Self {
        Self {
            from,
            through,
            limit,
            order: Order::Rising,
            messages_only: false,
        }
    }
}

/// From which end a run of places is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Lowest place first.
    Rising,
    /// Highest place first.
    Falling,
}
