//! `Ownership`: the one node owns every shard; terms rise only where someone claims.

use async_trait::async_trait;
use chinwag_core::{
    model::{NodeId, SHARDS, Shard, Term},
    ports::{EngineResult, NodeProfile, NodeRow, Ownership, Renewal, ShardRow},
};

use super::{batch::Batch, cells, embedded::Embedded, keys, view::off_thread};

/// Who owns a shard that nobody has claimed, and under which term.
const FIRST: (NodeId, Term) = (NodeId(0), Term(1));

#[async_trait]
impl Ownership for Embedded {
    async fn take(&self, _: NodeId, _: u64, _: Option<NodeRow>) -> EngineResult<bool> {
        // Whoever opened the store has its lock.
        Ok(true)
    }

    async fn renew(&self, node: NodeId, _: u64, renewal: Renewal) -> EngineResult<bool> {
        let write = move |batch: &mut Batch| {
            batch.put(
                keys::id_bound(node),
                cells::number(renewal.ids_up_to_millis),
            );
            Ok(true)
        };
        self.inner.write(0, write).await
    }

    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64> {
        let stored = self.inner.view.get(&keys::id_bound(node))?;
        stored.map_or(Ok(0), |bytes| cells::read_number(&bytes))
    }

    async fn nodes(&self) -> EngineResult<Vec<NodeRow>> {
        // There is no other one to watch.
        Ok(Vec::new())
    }

    async fn close(&self, _: NodeRow) -> EngineResult<bool> {
        Ok(false)
    }

    async fn introduce(&self, _: NodeId, _: u64, _: &NodeProfile) -> EngineResult<()> {
        Ok(())
    }

    async fn profile(&self, _: NodeId, _: u64) -> EngineResult<Option<NodeProfile>> {
        Ok(None)
    }

    async fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> EngineResult<Vec<u8>> {
        let key = keys::secret(name);
        let write = move |batch: &mut Batch| {
            if let Some(first) = batch.get(&key)? {
                return Ok(first.to_vec());
            }
            batch.put(key, proposal.clone());
            Ok(proposal)
        };
        self.inner.write(0, write).await
    }

    async fn shards(&self) -> EngineResult<Vec<ShardRow>> {
        let view = self.inner.view.clone();
        let read = move || {
            (0..SHARDS)
                .map(|number| row(Shard(number), |key| view.get(key)))
                .collect()
        };
        off_thread(read).await
    }

    async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<Vec<Option<Term>>> {
        let claims = claims.to_vec();
        let write = move |batch: &mut Batch| {
            claims
                .into_iter()
                .map(|(shard, from, node)| {
                    let there = row(shard, |key| batch.get(key))?;
                    if from != Some(there) {
                        return Ok(None);
                    }
                    let term = Term(there.term.0 + 1);
                    batch.put(keys::shard(shard), cells::shard(node, term));
                    Ok(Some(term))
                })
                .collect()
        };
        self.inner.write(0, write).await
    }
}

fn row(
    shard: Shard,
    get: impl FnOnce(&keys::Key) -> EngineResult<Option<::fjall::Slice>>,
) -> EngineResult<ShardRow> {
    let stored = get(&keys::shard(shard))?;
    let (owner, term) = stored.map_or(Ok(FIRST), |bytes| cells::read_shard(&bytes))?;
    Ok(ShardRow { shard, owner, term })
}
