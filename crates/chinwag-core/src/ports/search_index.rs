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

/// Finds messages by their words.
///
/// - `upsert` is durable when it answers `Ok` and found by every later search. The same document again changes
///   nothing; a document without content is found no more; one with an older `change_seq` than what is there
///   loses, also against one without content.
/// - Every query means the same on every engine (`crate::search` says what): all words must be in the text, in
///   any order; case, width and accents are folded; Chinese, Japanese and Korean match anywhere by bigrams.
/// - A query without any word to search for, or above the bounds of `crate::search`, finds nothing. No text of a
///   query is ever an operator but `"`.
/// - `remove_chat` and `reset` forget everything, also what was deleted: they are durable when they answer `Ok`.
#[async_trait]
pub trait SearchIndex: Send + Sync + 'static {
    /// Makes messages found, or found no longer.
    async fn upsert(&self, documents: Vec<SearchDocument>) -> EngineResult<()>;

    /// Removes all messages of a chat.
    async fn remove_chat(&self, chat: ChatId) -> EngineResult<()>;

    /// Finds messages within a scope.
    async fn search(&self, request: SearchRequest) -> EngineResult<SearchPage>;

    /// Forgets everything, before a rebuild.
    async fn reset(&self) -> EngineResult<()>;
}
