//! Who owns which shard.

use async_trait::async_trait;
use chinwag_proto::Timestamp;

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

/// What a node's row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeRow {
    /// The node's number.
    pub node: NodeId,
    /// Which process has the number: another one with each start.
    pub process: u64,
    /// Another one with each renewal; says nothing else.
    pub beat: i64,
    /// Whether its lease was closed.
    pub closed: bool,
    /// What its clock showed when it renewed its lease the last time; none before it did.
    pub clock: Option<Timestamp>,
}

/// What a renewal stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewal {
    /// The bound of the node's ids, in milliseconds since 1970.
    pub ids_up_to_millis: u64,
    /// What its machine's own clock shows.
    pub clock: Timestamp,
}

/// What a process tells the other nodes of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeProfile {
    /// Where the other nodes call it, host:port; none where it takes no calls.
    pub address: Option<String>,
    /// Whether it owns chats.
    pub owns_chats: bool,
    /// Whether it keeps a search index that the other nodes don't see.
    pub indexes_alone: bool,
}

impl Default for NodeProfile {
    fn default() -> Self {
        Self {
            address: None,
            owns_chats: true,
            indexes_alone: false,
        }
    }
}

/// Keeps leases and claims (rules O1–O4), and the few other things that nodes agree on once.
///
/// Each change happens once and is seen by all: of two claims from the same state one wins. Embedded, the one
/// node owns all shards for ever, under the term that is stored.
#[async_trait]
pub trait Ownership: Send + Sync + 'static {
    /// Takes a number for a process: one that nobody had (none), or one whose row still says what was read. Its lease is
    /// open from then on, and the process that had it before renews it no more. The bound of ids stays. `false` where
    /// the row says something else. Embedded the store's lock has decided.
    async fn take(&self, node: NodeId, process: u64, from: Option<NodeRow>) -> EngineResult<bool>;

    /// Renews this node's lease, and stores the bound of its ids (rule I1) and what its clock shows (rule I2); `false`
    /// where the lease was closed, or another process has the number. One that nobody had is taken.
    async fn renew(&self, node: NodeId, process: u64, renewal: Renewal) -> EngineResult<bool>;

    /// Reads the bound of ids that the number's last holder stored; 0 where there was none.
    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64>;

    /// Reads every number that has, or had, a lease, in order: all that was acknowledged. A change that nobody was told of
    /// yet may be missing: whoever takes or closes by an outdated row is refused, and nothing else may be decided by one.
    async fn nodes(&self) -> EngineResult<Vec<NodeRow>>;

    /// Closes a lease for ever unless it was renewed since its row was read; the answer says whether it is closed now.
    /// Closed again it stays closed. Embedded nobody closes the one node's lease: `false`.
    async fn close(&self, row: NodeRow) -> EngineResult<bool>;

    /// Says what other nodes are told of a process, before it takes its number; each process says it once.
    async fn introduce(
        &self,
        node: NodeId,
        process: u64,
        profile: &NodeProfile,
    ) -> EngineResult<()>;

    /// Reads what a process said of itself; none where it said nothing. It never changes. Embedded nobody asks: none.
    async fn profile(&self, node: NodeId, process: u64) -> EngineResult<Option<NodeProfile>>;

    /// Returns the secret that all nodes use under a name: the first one that was ever proposed.
    async fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> EngineResult<Vec<u8>>;

    /// Reads all shards that have an owner, in order. A change that happens meanwhile may be missing: whoever claims
    /// from an outdated row loses, and nothing else may be decided by one.
    async fn shards(&self) -> EngineResult<Vec<ShardRow>>;

    /// Claims shards, each for the node named, with the term after `from` (none: never owned).
    ///
    /// The answer has the order and length of the question: the term won, or none where another was faster.
    async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<Vec<Option<Term>>>;
}
