//! `Ownership` (rules O1 to O4).

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use chinwag_core::{
    model::{NodeId, SHARDS, Shard, Term},
    ports::{EngineResult, Ownership, ShardRow},
};

use super::{cql::each, error::undecodable, store::Cassandra};

#[async_trait]
impl Ownership for Cassandra {
    async fn renew(&self, node: NodeId, ids_up_to_millis: u64) -> EngineResult<bool> {
        let beat = self.beats.fetch_add(1, Ordering::Relaxed);
        let (number, ids) = (i32::from(node.0), ids_up_to_millis.cast_signed());
        let renewed = (beat, ids, number);
        let statements = &self.statements;
        if self.cql.transact(&statements.renew_node, renewed).await? {
            return Ok(true);
        }
        // Not there, or closed.
        let made = (number, beat, ids);
        self.cql.transact(&statements.make_node, made).await
    }

    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64> {
        let key = (i32::from(node.0),);
        let row: Option<(i64,)> = self.cql.row(&self.statements.node, key).await?;
        Ok(row.map_or(0, |(ids,)| ids.cast_unsigned()))
    }

    async fn shards(&self) -> EngineResult<Vec<ShardRow>> {
        let rows = each(0..SHARDS, |shard| self.shard_row(Shard(shard))).await?;
        Ok(rows.into_iter().flatten().collect())
    }

    async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<Vec<Option<Term>>> {
        each(claims, |claim| self.claim_one(*claim)).await
    }
}

impl Cassandra {
    async fn shard_row(&self, shard: Shard) -> EngineResult<Option<ShardRow>> {
        let key = (i32::from(shard.0),);
        let row: Option<(i32, i64)> = self.cql.row(&self.statements.shard, key).await?;
        let Some((owner, term)) = row else {
            return Ok(None);
        };
        let (Ok(owner), Ok(term)) = (u16::try_from(owner), u32::try_from(term)) else {
            return Err(undecodable("shard"));
        };
        Ok(Some(ShardRow {
            shard,
            owner: NodeId(owner),
            term: Term(term),
        }))
    }

    async fn claim_one(
        &self,
        (shard, from, node): (Shard, Option<ShardRow>, NodeId),
    ) -> EngineResult<Option<Term>> {
        let term = Term(from.map_or(0, |from| from.term.0) + 1);
        let (key, owner) = (i32::from(shard.0), i32::from(node.0));
        let won = match from {
            Some(from) => {
                let (held_by, held_under) = (i32::from(from.owner.0), i64::from(from.term.0));
                let values = (owner, i64::from(term.0), key, held_by, held_under);
                self.cql
                    .transact(&self.statements.claim_shard, values)
                    .await?
            }
            None => {
                let values = (key, owner, i64::from(term.0));
                self.cql
                    .transact(&self.statements.make_shard, values)
                    .await?
            }
        };
        Ok(won.then_some(term))
    }
}
