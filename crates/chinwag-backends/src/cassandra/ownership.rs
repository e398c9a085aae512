//! `Ownership` (rules O1 to O4).

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use chinwag_core::{
    model::{NodeId, Shard, Term},
    ports::{EngineError, EngineResult, NodeProfile, NodeRow, Ownership, Renewal, ShardRow},
};
use chinwag_proto::Timestamp;

use super::{cql::each, error::undecodable, store::Cassandra};

/// Number, process, beat, whether the lease is closed, and what the clock showed.
type NodeColumns = (i32, i64, i64, bool, Option<i64>);

#[async_trait]
impl Ownership for Cassandra {
    async fn take(&self, node: NodeId, process: u64, from: Option<NodeRow>) -> EngineResult<bool> {
        let number = i32::from(node.0);
        let (process, beat) = (process.cast_signed(), self.next_beat());
        let statements = &self.statements;
        let taken = match from {
            None => {
                let values = (number, process, beat);
                self.cql.transact(&statements.reserve_node, values).await?
            }
            Some(from) => {
                let (had, since) = (from.process.cast_signed(), from.beat);
                let values = (process, beat, number, had, since);
                self.cql.transact(&statements.take_node, values).await?
            }
        };
        if taken {
            return Ok(true);
        }
        // An earlier attempt whose answer was lost may have taken it.
        let now = self.node_row(number).await?;
        Ok(now.is_some_and(|now| now.process.cast_signed() == process && !now.closed))
    }

    async fn renew(&self, node: NodeId, process: u64, renewal: Renewal) -> EngineResult<bool> {
        let beat = self.next_beat();
        let (number, process) = (i32::from(node.0), process.cast_signed());
        let ids = renewal.ids_up_to_millis.cast_signed();
        let clock = renewal.clock.unix_millis();
        let renewed = (beat, ids, clock, number, process);
        let statements = &self.statements;
        if self.cql.transact(&statements.renew_node, renewed).await? {
            return Ok(true);
        }
        // Not there, closed, or another process's.
        let made = (number, process, beat, ids, clock);
        self.cql.transact(&statements.make_node, made).await
    }

    async fn ids_up_to(&self, node: NodeId) -> EngineResult<u64> {
        let key = (i32::from(node.0),);
        let row: Option<(i64,)> = self.cql.row(&self.statements.node, key).await?;
        Ok(row.map_or(0, |(ids,)| ids.cast_unsigned()))
    }

    async fn nodes(&self) -> EngineResult<Vec<NodeRow>> {
        // One plain read: every node looks every second. It shows nothing that isn't decided, and all that was acknowledged.
        let rows: Vec<NodeColumns> = self.cql.rows(&self.statements.nodes, ()).await?;
        let rows = rows.into_iter().map(node_row);
        let mut rows = rows.collect::<EngineResult<Vec<NodeRow>>>()?;
        rows.sort_unstable_by_key(|row| row.node);
        Ok(rows)
    }

    async fn close(&self, row: NodeRow) -> EngineResult<bool> {
        let number = i32::from(row.node.0);
        let statement = &self.statements.close_node;
        let process = row.process.cast_signed();
        if self
            .cql
            .transact(statement, (number, process, row.beat))
            .await?
        {
            return Ok(true);
        }
        let now = self.node_row(number).await?;
        Ok(now.is_some_and(|now| now.closed && now.process == row.process))
    }

    async fn introduce(
        &self,
        node: NodeId,
        process: u64,
        profile: &NodeProfile,
    ) -> EngineResult<()> {
        let NodeProfile {
            address,
            owns_chats,
            indexes_alone,
        } = profile;
        // Nobody writes nulls.
        let address = address.as_deref().unwrap_or_default();
        let key = (i32::from(node.0), process.cast_signed());
        let values = (key.0, key.1, address, *owns_chats, *indexes_alone);
        self.cql
            .write(&self.statements.introduce_node, values)
            .await
    }

    async fn profile(&self, node: NodeId, process: u64) -> EngineResult<Option<NodeProfile>> {
        let key = (i32::from(node.0), process.cast_signed());
        let row: Option<(String, bool, bool)> =
            self.cql.row(&self.statements.node_profile, key).await?;
        Ok(row.map(|(address, owns_chats, indexes_alone)| NodeProfile {
            address: (!address.is_empty()).then_some(address),
            owns_chats,
            indexes_alone,
        }))
    }

    async fn shared_secret(&self, name: &str, proposal: Vec<u8>) -> EngineResult<Vec<u8>> {
        let made = (name, proposal.as_slice());
        if self
            .cql
            .transact(&self.statements.make_secret, made)
            .await?
        {
            return Ok(proposal);
        }
        let row: Option<(Vec<u8>,)> = self.cql.row(&self.statements.secret, (name,)).await?;
        let gone = || EngineError::Damaged(format!("cassandra: the secret {name} is gone"));
        row.map(|(secret,)| secret).ok_or_else(gone)
    }

    async fn shards(&self) -> EngineResult<Vec<ShardRow>> {
        // One plain read: each node looks every second, and what is decided is decided by claims.
        let rows: Vec<(i32, i32, i64)> = self.cql.rows(&self.statements.shards, ()).await?;
        let rows = rows.into_iter().map(shard_row);
        let mut rows = rows.collect::<EngineResult<Vec<ShardRow>>>()?;
        rows.sort_unstable_by_key(|row| row.shard);
        Ok(rows)
    }

    async fn claim(
        &self,
        claims: &[(Shard, Option<ShardRow>, NodeId)],
    ) -> EngineResult<Vec<Option<Term>>> {
        each(claims, |claim| self.claim_one(*claim)).await
    }
}

impl Cassandra {
    fn next_beat(&self) -> i64 {
        self.beats.fetch_add(1, Ordering::Relaxed)
    }

    async fn node_row(&self, number: i32) -> EngineResult<Option<NodeRow>> {
        let row: Option<NodeColumns> = self.cql.row(&self.statements.node_row, (number,)).await?;
        row.map(node_row).transpose()
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

fn node_row((number, process, beat, closed, clock): NodeColumns) -> EngineResult<NodeRow> {
    let number = u16::try_from(number).map_err(|_| undecodable("node"))?;
    Ok(NodeRow {
        node: NodeId(number),
        process: process.cast_unsigned(),
        beat,
        closed,
        clock: clock.map(Timestamp::from_unix_millis),
    })
}

fn shard_row((shard, owner, term): (i32, i32, i64)) -> EngineResult<ShardRow> {
    let (Ok(shard), Ok(owner), Ok(term)) = (
        u16::try_from(shard),
        u16::try_from(owner),
        u32::try_from(term),
    ) else {
        return Err(undecodable("shard"));
    };
    Ok(ShardRow {
        shard: Shard(shard),
        owner: NodeId(owner),
        term: Term(term),
    })
}
