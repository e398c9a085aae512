//! [`Ownership`] in memory.

use async_trait::async_trait;

use super::store::{MemoryStore, State};
use crate::{
    model::{NodeId, Shard, Term},
    ports::{EngineResult, Ownership, ShardRow},
};

impl MemoryStore {
    /// Closes a node's lease, as one who has seen no beat of it for 10 s does (rule O3).
    pub fn close_lease(&self, node: NodeId) {
        self.state().closed.insert(node);
    }
}

#[async_trait]
impl Ownership for MemoryStore {
    async fn renew(&self, node: NodeId, ids_up_to_millis: u64) -> EngineResult<bool> {
        let mut state = self.state();
        if state.closed.contains(&node) {
            return Ok(false);
        }
        state.ids_up_to.insert(node, ids_up_to_millis);
        Ok(true)
    }

    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64> {
        let state = self.state();
        Ok(state.ids_up_to.get(&node).copied().unwrap_or_default())
    }

    async fn shards(&self) -> EngineResult<Vec<ShardRow>> {
        Ok(self.state().shards.values().copied().collect())
    }

    async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<Vec<Option<Term>>> {
        let mut state = self.state();
        let claim = |(shard, from, owner): &(Shard, Option<ShardRow>, NodeId)| {
            state.claim(*shard, *from, *owner)
        };
        Ok(claims.iter().map(claim).collect())
    }
}

impl State {
    fn claim(&mut self, shard: Shard, from: Option<ShardRow>, owner: NodeId) -> Option<Term> {
        if self.shards.get(&shard).copied() != from {
            return None;
        }
        let term = Term(from.map_or(0, |from| from.term.0) + 1);
        self.shards.insert(shard, ShardRow { shard, owner, term });
        Some(term)
    }
}
