//! Who owns which shard.

use async_trait::async_trait;

use super::EngineResult;
use crate::model::{NodeId, Shard, Term};

/// What a shard's row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardRow {
    /// The shard.
    pub shard: Shard,
    /// Who owns it.
    pub owner: NodeId,
    /// Under which term.
    pub term: Term,
}

/// Keeps leases and claims (rules O1–O4).
///
/// Each change happens once and is seen by all: of two claims from the same state one wins. Embedded, the one
/// node owns all shards for ever, under the term that is stored.
#[async_trait]
pub trait Ownership: Send + Sync + 'static {
    /// Renews this node's lease and stores the bound of its ids (rule I1); `false` where the lease was closed.
    async fn renew(&self, node: NodeId, ids_up_to_millis: u64) -> EngineResult<bool>;

    /// Reads the bound of ids that the number's last holder stored; 0 where there was none.
    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64>;

    /// Reads all shards that have an owner, in order.
    async fn shards(&self) -> EngineResult<Vec<ShardRow>>;

    /// Claims shards, each for the node named, with the term after `from` (none: never owned).
    ///
    /// The answer has the order and length of the question: the term won, or none where another was faster.
    async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<Vec<Option<Term>>>;
}
