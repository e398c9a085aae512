//! Watches the other nodes' leases, and takes over what they leave (rules O3, O4, T4).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chinwag_proto::{ErrorCode, Problem};

use super::{Owner, OwnerSettings};
use crate::{
    model::{NodeId, Shard},
    ports::{EngineResult, NodeRow, Ownership, ShardRow},
};

/// How long a beat stands still, by this node's own clock that never steps, before the lease is closed: longer than its
/// holder acts on it, whatever both clocks' drift.
const SILENT: Duration = Duration::from_secs(10);
/// How often the beats are looked at: with the time to claim, a death is over within 15 s (rule T4).
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// Shards claimed in one call: other survivors get between.
const CLAIMED_AT_ONCE: usize = 32;

/// Since when each node's beat has been the same.
#[derive(Debug, Default)]
pub(super) struct Beats(HashMap<NodeId, (i64, Duration)>);

impl Beats {
    /// Takes in what the rows say now, and returns those that have been silent for too long.
    fn silent(&mut self, rows: &[NodeRow], now: Duration) -> Vec<NodeRow> {
        let mut silent = Vec::new();
        for row in rows {
            let (beat, since) = self.0.entry(row.node).or_insert((row.beat, now));
            if *beat != row.beat {
                (*beat, *since) = (row.beat, now);
            }
            if !row.closed && now.saturating_sub(*since) >= SILENT {
                silent.push(*row);
            }
        }
        silent
    }
}

/// Takes a node's number for this process: at once where nobody has it, or who had it left; else once its beat has stood
/// still for long enough that whoever had it doesn't act on it any more.
pub(super) async fn take_number(
    ownership: &dyn Ownership,
    settings: &OwnerSettings,
) -> Result<(), Problem> {
    let (node, process) = (settings.node, settings.process);
    let read = async || {
        let rows = ownership.nodes().await?;
        EngineResult::Ok(rows.into_iter().find(|row| row.node == node))
    };
    let mut row = read().await?;
    if row.is_some_and(|row| !row.closed && row.process != process) {
        tracing::info!(
            node = node.0,
            "another process had this node's number and didn't leave; waiting for the end of its lease"
        );
        tokio::time::sleep(SILENT).await;
        let now = read().await?;
        if now != row {
            return Err(in_use(node));
        }
        row = now;
    }
    if ownership.take(node, process, row).await? {
        Ok(())
    } else {
        Err(in_use(node))
    }
}

fn in_use(node: NodeId) -> Problem {
    let detail = format!(
        "another process is node {}: one process has a number",
        node.0
    );
    Problem::new(ErrorCode::NotOwner, detail)
}

impl Owner {
    pub(super) async fn keep_watching(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
            }
            if let Err(error) = self.watch().await {
                tracing::warn!(%error, "can't look after the other nodes' leases");
            }
        }
    }

    /// Looks at the other nodes once: closes the leases of those that have been silent for 10 s, and claims what nodes
    /// with a closed lease still own.
    async fn watch(&self) -> EngineResult<()> {
        let now = self.ports.clock.elapsed();
        if !self.lease.holds(now) {
            // Who can't renew its own lease doesn't judge others.
            return Ok(());
        }
        let own = self.settings.node;
        let mut rows = self.ports.ownership.nodes().await?;
        rows.retain(|row| row.node != own);
        let silent = self.beats.lock().silent(&rows, now);
        let mut closed: HashSet<NodeId> = rows
            .iter()
            .filter(|row| row.closed)
            .map(|row| row.node)
            .collect();
        for row in silent {
            if self.ports.ownership.close(row).await? {
                tracing::warn!(
                    node = row.node.0,
                    "closed the lease of a node that is silent"
                );
                closed.insert(row.node);
            }
        }
        if closed.is_empty() {
            return Ok(());
        }
        self.claim_from(&closed).await
    }

    async fn claim_from(&self, closed: &HashSet<NodeId>) -> EngineResult<()> {
        let rows = self.ports.ownership.shards().await?;
        let mut left: Vec<ShardRow> = rows
            .into_iter()
            .filter(|row| closed.contains(&row.owner))
            .collect();
        if left.is_empty() {
            return Ok(());
        }
        // Each survivor begins elsewhere, so that they share the work and the shards.
        let start = usize::from(self.settings.node.0).wrapping_mul(311) % left.len();
        left.rotate_left(start);
        let own = self.settings.node;
        for some in left.chunks(CLAIMED_AT_ONCE) {
            let claims: Vec<_> = some
                .iter()
                .map(|row| (row.shard, Some(*row), own))
                .collect();
            self.claim(&claims).await?;
        }
        Ok(())
    }

    /// Leaves the shards to the other nodes, as a node does that drains: nothing new is stamped, what was stamped is
    /// confirmed or given up, then this node closes its own lease, so that they need not wait for its end.
    ///
    /// Errors: the ownership's engine is away; the lease then ends as after a death.
    pub async fn leave(&self) -> Result<(), Problem> {
        let held: HashSet<Shard> = self.lease.held().iter().map(|(shard, _)| *shard).collect();
        self.let_all_go();
        for (id, chat) in self.cache.all() {
            if held.contains(&Shard::of(id)) {
                chat.rested().await;
                self.cache.remove(id, &chat);
            }
        }
        // Somebody else's renewal of this number can't come in between, so the second look is enough.
        for _ in 0..2 {
            let rows = self.ports.ownership.nodes().await?;
            let Some(own) = rows.into_iter().find(|row| row.node == self.settings.node) else {
                return Ok(());
            };
            if self.ports.ownership.close(own).await? {
                break;
            }
        }
        Ok(())
    }
}
