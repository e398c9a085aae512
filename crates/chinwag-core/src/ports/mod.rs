//! What the core needs of the world: small traits, batch first, the guarantee written at each.
//!
//! The in-memory implementation of each ([`crate::memory`]) is the executable specification; every engine
//! passes the same named cases of `chinwag-conformance`.

pub mod accounts;
pub mod bus;
pub mod directory;
pub mod event_queue;
pub mod message_store;
pub mod ownership;
pub mod presence;
pub mod push_sender;
pub mod queue_marks;
pub mod reserved_ids;
pub mod search_index;

pub use accounts::Accounts;
pub use bus::{Broadcast, BroadcastFrame, Bus, BusEvent, BusMessage, BusSubscription, Topic};
pub use directory::Directory;
pub use event_queue::{Consumer, EventQueue, GroupSet, QueueGroup, QueueRecord};
pub use message_store::{Append, Follow, MessageStore, Order, ReadRange, Stamp};
pub use ownership::{NodeProfile, NodeRow, Ownership, Renewal, ShardRow};
pub use presence::{Presence, SessionBeat, SessionLocation};
pub use push_sender::{PushNote, PushOutcome, PushSender};
pub use queue_marks::{QueueMark, QueueMarks};
pub use reserved_ids::ReservedIds;
pub use search_index::{
    IndexState, Rebuild, Scope, SearchDocument, SearchHit, SearchIndex, SearchPage, SearchRequest,
};

use chinwag_proto::{ErrorCode, Problem};

/// What an engine failed with: only what a caller can act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// There is no room; comes back when there is. Nothing was written.
    #[error("storage is full: {0}")]
    Full(String),
    /// The engine is away or too slow; a write may have happened.
    #[error("engine unavailable: {0}")]
    Unavailable(String),
    /// The engine is open for reading only. Nothing was written.
    #[error("open for reading only")]
    ReadOnly,
    /// What is stored can't be read: a fault of the engine or of this program.
    #[error("stored data is damaged: {0}")]
    Damaged(String),
}

/// What ports answer.
pub type EngineResult<T> = Result<T, EngineError>;

impl From<EngineError> for Problem {
    /// Tells a client what an engine's failure means to it; the engine's own words go to the log alone.
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Full(_) => {
                let detail = "the disk is full: nothing was stored; reading goes on";
                Problem::new(ErrorCode::StorageFull, detail).retry_after(5_000)
            }
            EngineError::ReadOnly => {
                let detail = "the data is open for reading only: nothing was stored";
                Problem::new(ErrorCode::ReadOnly, detail).retry_after(30_000)
            }
            EngineError::Unavailable(detail) => {
                tracing::warn!(%detail, "an engine is away");
                let detail = "a part of the server is away";
                Problem::new(ErrorCode::Unavailable, detail).retry_after(1_000)
            }
            EngineError::Damaged(detail) => {
                tracing::error!(%detail, "stored data can't be read");
                let detail = "stored data can't be read; the server's log says more";
                Problem::new(ErrorCode::Internal, detail)
            }
        }
    }
}
