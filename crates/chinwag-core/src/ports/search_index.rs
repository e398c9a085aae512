//! Messages by their words.

use async_trait::async_trait;
use chinwag_proto::{ChatId, MessageId, Seq, Timestamp, UserId};

use super::EngineResult;
use crate::model::{Intervals, LogRow};

/// A message to be found, or to be found no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchDocument {
    /// The message.
    pub id: MessageId,
    /// Its chat.
    pub chat: ChatId,
    /// Its place.
    pub seq: Seq,
    /// Who sent it.
    pub sender: UserId,
    /// When the server took it.
    pub timestamp: Timestamp,
    /// Its text; none once deleted.
    pub content: Option<String>,
    /// The place of its last change: an older document never replaces a newer one.
    pub change_seq: Seq,
}

impl SearchDocument {
    /// Makes the document of a message's row; none of a row that holds no message.
    #[must_use]
    pub fn of(chat: ChatId, row: &LogRow) -> Option<Self> {
        let message = row.message()?;
        Some(Self {
            id: row.id,
            chat,
            seq: row.seq,
            sender: row.user.clone(),
            timestamp: row.timestamp,
            content: message.deleted.is_none().then(|| message.content.clone()),
            change_seq: message.change_seq,
        })
    }
}

/// What a caller may find: chats, each with the intervals that the caller may see. Never optional.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope(pub Vec<(ChatId, Intervals)>);

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchRequest {
    /// Words; phrases in double quotes; the last word also as a beginning unless a space follows.
    pub query: String,
    /// What the caller may find.
    pub scope: Scope,
    /// Only this sender.
    pub sender: Option<UserId>,
    /// Not before this time.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
    /// Only messages with an id below this one: the next page.
    pub before: Option<MessageId>,
    /// How many hits at most.
    pub limit: usize,
}

/// A message found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchHit {
    /// Its chat.
    pub chat: ChatId,
    /// Its place.
    pub seq: Seq,
    /// The message.
    pub id: MessageId,
}

/// Messages found, highest id first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchPage {
    /// The messages.
    pub hits: Vec<SearchHit>,
    /// How many there are within the scope and the filters, on all pages.
    pub total: u64,
    /// Whether there are more below the last one.
    pub has_more: bool,
}

/// Whether an index can be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexState {
    /// All that was upserted is found.
    Whole,
    /// It has to be built from the log before anything can be found; why, for a person.
    Missing(String),
}

/// Finds messages by their words.
///
/// - `upsert` is durable when it answers `Ok` and found by every later search. The same document again changes
///   nothing; a document without content is found no more; one with an older `change_seq` than what is there
///   loses, also against one without content.
/// - Every query means the same on every engine (`crate::search` says what): all words must be in the text, in
///   any order; case, width and accents are folded; Chinese, Japanese and Korean match anywhere by bigrams.
/// - A query without any word to search for, or above the bounds of `crate::search`, finds nothing. No text of a
///   query is ever an operator but `"`.
/// - `remove_chat` forgets all of a chat, also what was deleted in it; it is durable when it answers `Ok`. A chat's end
///   is its last event: whether what is upserted of it afterwards is found is open.
/// - An index is lost when it is damaged, or was made by a version that cut texts otherwise: then `state` says so,
///   and `search` and `upsert` answer `Unavailable` until it was rebuilt (`upsert`: until the rebuild begins).
#[async_trait]
pub trait SearchIndex: Send + Sync + 'static {
    /// Makes messages found, or found no longer.
    async fn upsert(&self, documents: Vec<SearchDocument>) -> EngineResult<()>;

    /// Removes all messages of a chat.
    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()>;

    /// Finds messages within a scope.
    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage>;

    /// Tells whether it can be searched.
    async fn state(&self) -> EngineResult<IndexState>;

    /// Begins to build the index anew, from nothing, beside the one that is searched meanwhile. `Unavailable` while
    /// another rebuild goes on.
    async fn rebuild(&self) -> EngineResult<Box<dyn Rebuild>>;
}

/// An index that is being built beside the one that is searched.
///
/// What is upserted and removed meanwhile holds in both, and an older change loses in both. Dropped before it was
/// finished, by a crash too, it leaves nothing.
#[async_trait]
pub trait Rebuild: Send {
    /// Adds messages as the log holds them; durable once it is finished. After an error it can't be finished.
    async fn add(&mut self, documents: Vec<SearchDocument>) -> EngineResult<()>;

    /// Lets every later search go to the new index, durably, and forgets the old one.
    async fn finish(self: Box<Self>) -> EngineResult<()>;
}
