//! The one thing that reading needs of the owner.

use async_trait::async_trait;
use chinwag_proto::{ChatId, Problem};

use crate::owner::{ConfirmedHead, Owner};

/// Tells where chats end, as far as that is confirmed.
#[async_trait]
pub trait Heads: Send + Sync + 'static {
    /// Tells the confirmed end of each chat; the answer has the order and length of the question, none where a
    /// chat has no event or is gone.
    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem>;
}

#[async_trait]
impl Heads for Owner {
    async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        Owner::heads(self, chats).await
    }
}
