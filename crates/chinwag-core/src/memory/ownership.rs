//! [`Ownership`] in memory.

use async_trait::async_trait;

use super::store::{MemoryStore, State};
use crate::{
    model::{NodeId, Shard, Term},
    ports::{EngineResult, NodeProfile, NodeRow, Ownership, Renewal, ShardRow},
};

impl MemoryStore {
    /// Closes a node's lease, as one who has seen no beat of it for 10 s does (rule O3).
    pub fn close_lease(&self, node: NodeId) {
        self.state().node(node, 0).closed = true;
    }
}

#[async_trait]
impl Ownership for MemoryStore {
    async fn take(&self, node: NodeId, process: u64, from: Option<NodeRow>) -> EngineResult<bool> {
        let mut state = self.state();
        if state.nodes.get(&node).copied() != from {
            return Ok(false);
        }
        let row = state.node(node, process);
        *row = NodeRow {
            process,
            beat: row.beat + 1,
            closed: false,
            ..*row
        };
        Ok(true)
    }

    async fn renew(&self, node: NodeId, process: u64, renewal: Renewal) -> EngineResult<bool> {
        let mut state = self.state();
        let row = state.node(node, process);
        if row.closed || row.process != process {
            return Ok(false);
        }
        row.beat += 1;
        row.clock = Some(renewal.clock);
        state.ids_up_to.insert(node, renewal.ids_up_to_millis);
        Ok(true)
    }

    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64> {
        let state = self.state();
        Ok(state.ids_up_to.get(&node).copied().unwrap_or_default())
    }

    async fn nodes(&self) -> EngineResult<Vec<NodeRow>> {
        Ok(self.state().nodes.values().copied().collect())
    }

    async fn close(&self, row: NodeRow) -> EngineResult<bool> {
        let mut state = self.state();
        let Some(now) = state.nodes.get_mut(&row.node) else {
            return Ok(false);
        };
        now.closed |= *now == row;
        Ok(now.closed && now.process == row.process)
    }

    async fn introduce(
        &self,
        node: NodeId,
        process: u64,
        profile: &NodeProfile,
    ) -> EngineResult<()> {
        let mut state = self.state();
        state.profiles.insert((node, process), profile.clone());
        Ok(())
    }

    async fn profile(&self, node: NodeId, process: u64) -> EngineResult<Option<NodeProfile>> {
        Ok(self.state().profiles.get(&(node, process)).cloned())
    }

    async fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> EngineResult<Vec<u8>> {
        let mut state = self.state();
        Ok(state.secrets.entry(name.into()).or_insert(proposal).clone())
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
    /// Returns a number's row, made where nobody had the number.
    fn node(&mut self, node: NodeId, process: u64) -> &mut NodeRow {
        self.nodes.entry(node).or_insert(NodeRow {
            node,
            process,
            beat: 0,
            closed: false,
            clock: None,
        })
    }

    fn claim(&mut self, shard: Shard, from: Option<ShardRow>, owner: NodeId) -> Option<Term> {
        if self.shards.get(&shard).copied() != from {
            return None;
        }
        let term = Term(from.map_or(0, |from| from.term.0) + 1);
        self.shards.insert(shard, ShardRow { shard, owner, term });
        Some(term)
    }
}
