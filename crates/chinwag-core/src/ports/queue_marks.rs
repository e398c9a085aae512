//! What the queue may lack of the log.

use async_trait::async_trait;
use chinwag_proto::{ChatId, Seq};

use super::EngineResult;
use crate::model::{Shard, Term};

/// Says that from a place on a chat's events may not have been queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueMark {
    /// The chat's shard.
    pub shard: Shard,
    /// Minutes since 1970, above the shard's checkpoint.
    pub minute: u64,
    /// The chat.
    pub chat: ChatId,
    /// The first place that the mark covers.
    pub first: Seq,
    /// The term under which it is written.
    pub term: Term,
}

/// Keeps, for logs that aren't themselves the queue, which events may be missing there (rule T3).
///
/// An owner marks a chat before the first event of a minute is stored, and moves a shard's checkpoint over a minute once
/// the queue has all of it. Whoever takes the shard over queues again what marks above the checkpoint name. Durable when
/// answered; harmless when repeated.
#[async_trait]
pub trait QueueMarks: Send + Sync + 'static {
    /// Writes a mark.
    async fn mark(&self, mark: QueueMark) -> EngineResult<()>;

    /// Reads a shard's checkpoint: up to this minute the queue has all; 0 where there is none.
    async fn checkpoint(&self, shard: Shard) -> EngineResult<u64>;

    /// Reads the chats that have a mark above a minute, each with the lowest place of its marks, in any order.
    async fn marked(&self, shard: Shard, above_minute: u64) -> EngineResult<Vec<(ChatId, Seq)>>;

    /// Moves a shard's checkpoint and lets the marks up to it go. One of a lower term than what is there loses.
    async fn pass(&self, shard: Shard, term: Term, minute: u64) -> EngineResult<()>;
}
