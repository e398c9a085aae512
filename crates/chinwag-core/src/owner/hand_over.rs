//! How shards go from one living node to another (rules O4, T4).

use std::{
    collections::{BTreeSet, HashSet},
    sync::{Arc, atomic::Ordering},
};

use async_trait::async_trait;
use chinwag_proto::Problem;

use super::Owner;
use crate::{
    model::{NodeId, Shard, Term},
    ports::{EngineResult, NodeRow, ShardRow},
};

/// Shards handed over at a time by a node that leaves: the chats of a few wait while the others are served.
const HANDED_AT_ONCE: usize = 64;

/// Reaches the other nodes.
#[async_trait]
pub trait Peers: Send + Sync + 'static {
    /// Tells the node at an address that it was given shards, so that it claims them at once. It may get lost: nodes look
    /// by themselves every second.
    async fn tell_given(&self, address: &str);
}

impl Owner {
    /// Says how other nodes are reached; the first call holds. Without, what is handed over is found a second later.
    pub fn attach_peers(&self, peers: Arc<dyn Peers>) {
        let _ = self.peers.set(peers);
    }

    /// Hands shards to other nodes: nothing new is stamped in them, what was stamped is confirmed or given up, then the
    /// claim names the successor, who claims them once more for itself: the term between belongs to no process.
    pub(super) async fn hand_over(
        self: &Arc<Self>,
        given: &[(Shard, Term, NodeId)],
    ) -> EngineResult<()> {
        let own = self.settings.node;
        for (shard, term, _) in given {
            self.lease.release_if(*shard, *term);
        }
        let shards: HashSet<Shard> = given.iter().map(|(shard, ..)| *shard).collect();
        self.let_rest(&shards).await;
        let claims: Vec<_> = given
            .iter()
            .map(|(shard, term, heir)| {
                let from = ShardRow {
                    shard: *shard,
                    owner: own,
                    term: *term,
                };
                (*shard, Some(from), *heir)
            })
            .collect();
        let terms = self.ports.ownership.claim(&claims).await?;
        let mut heirs = BTreeSet::new();
        for ((shard, _, heir), term) in claims.iter().zip(terms) {
            if term.is_some() {
                self.placement.put(*shard, *heir);
                heirs.insert(*heir);
            }
        }
        self.tell(&heirs).await;
        Ok(())
    }

    async fn tell(&self, heirs: &BTreeSet<NodeId>) {
        let Some(peers) = self.peers.get() else {
            return;
        };
        for heir in heirs {
            if let Some(address) = self.address_of(*heir) {
                peers.tell_given(&address).await;
            }
        }
    }

    /// Waits until nothing stamped in the chats of these shards is on its way, and forgets them.
    async fn let_rest(self: &Arc<Self>, shards: &HashSet<Shard>) {
        let mut chats = self.cache.all();
        chats.retain(|(id, _)| shards.contains(&Shard::of(*id)));
        for (_, chat) in &chats {
            chat.rested().await;
        }
        self.settle_marks(&chats).await;
        for (id, chat) in &chats {
            self.cache.remove(*id, chat);
        }
    }

    /// Leaves: hands the shards to the other nodes, some at a time, then closes this node's lease, so that what nobody could
    /// be given is claimed without waiting for its end.
    ///
    /// Errors: the ownership's engine is away; the lease then ends as after a death.
    pub async fn leave(self: &Arc<Self>) -> Result<(), Problem> {
        self.leaving.store(true, Ordering::SeqCst);
        let _nobody_moves = self.moving.lock().await;
        if let Err(error) = self.hand_all_over().await {
            tracing::warn!(%error, "can't hand the shards over; they are left to the other nodes");
        }
        let held = self.lease.held().into_iter().map(|(shard, _)| shard);
        let held: HashSet<Shard> = held.collect();
        self.let_all_go();
        self.let_rest(&held).await;
        // Somebody else's renewal of this number can't come in between, so the second look is enough.
        for _ in 0..2 {
            let rows = self.ports.ownership.nodes().await?;
            // Whoever has the number by now is none of this process's business.
            let is_own = |row: &NodeRow| {
                row.node == self.settings.node && row.process == self.settings.process
            };
            let Some(own) = rows.into_iter().find(is_own) else {
                return Ok(());
            };
            if self.ports.ownership.close(own).await? {
                break;
            }
        }
        Ok(())
    }

    async fn hand_all_over(self: &Arc<Self>) -> EngineResult<()> {
        let now = self.ports.clock.elapsed();
        if !self.lease.holds(now) {
            return Ok(());
        }
        let sight = self.sight().await?;
        let heirs = self.heirs(&sight, now);
        let held = self.lease.held();
        let legacy = sight.seen(self.settings.node).legacy(&held, &heirs);
        for some in legacy.chunks(HANDED_AT_ONCE) {
            self.hand_over(some).await?;
        }
        Ok(())
    }
}
