//! Watches the other nodes' leases, takes over what they leave, and gives new ones their share (rules O3, O4, T4).

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Owner, balance::Seen, clocks::Clocks};
use crate::{
    Clock,
    model::{NodeId, SHARDS, Shard},
    ports::{EngineResult, NodeRow, ShardRow},
};

/// How long a beat stands still, by this node's own clock that never steps, before the lease is closed: longer than its
/// holder acts on it, whatever both clocks' drift.
pub(super) const SILENT: Duration = Duration::from_secs(10);
/// Within how long a node must have renewed its lease to be given shards: it renews every 3 s.
const LIVELY: Duration = Duration::from_secs(5);
/// How often the beats are looked at: with the time to claim, a death is over within 15 s (rule T4).
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// After how long without a look a silence counts anew: where the engine was away nobody could renew, and whoever sees it
/// first again would close the leases of all the others. A node that renewed 3 s before has 3 s more once it is back.
const BLIND: Duration = Duration::from_secs(4);
/// How long at least between two looks, however often somebody asks for one.
const LOOKED_AT_MOST_EVERY: Duration = Duration::from_millis(50);
/// How long a node that starts waits for shards whose owner doesn't live: until their lease is closed and claimed.
const SETTLED_WITHIN: usize = 15;
/// Shards claimed in one call: what is won is served while the rest is being claimed.
const CLAIMED_AT_ONCE: usize = 64;
/// Shards given away in one look: others' counts are read anew before the next ones.
const GIVEN_AT_ONCE: usize = 32;

/// Since when each node's beat has been the same, and what those that move tell of its clock.
#[derive(Debug, Default)]
pub(super) struct Beats {
    nodes: HashMap<NodeId, Beat>,
    clocks: Clocks,
    /// When the rows were seen last, by this node's own clock that never steps.
    looked_at: Duration,
    /// What this machine's clock showed at the last look.
    looked_at_ms: i64,
}

#[derive(Debug, Clone, Copy)]
struct Beat {
    beat: i64,
    process: u64,
    since: Duration,
    /// From when its silence counts: this node could see ever since.
    counted_from: Duration,
    /// Whether it was ever seen to change.
    moved: bool,
}

impl Beats {
    /// Takes in what the rows say now, and sets the clock by it; returns those that have been silent for too long.
    fn look(&mut self, rows: &[NodeRow], now: Duration, clock: &dyn Clock) -> Vec<NodeRow> {
        let clock_ms = clock.shown().unix_millis();
        let was_blind = now.saturating_sub(self.looked_at) >= BLIND;
        self.looked_at = now;
        let mut silent = Vec::new();
        for row in rows {
            let beat = Beat {
                beat: row.beat,
                process: row.process,
                since: now,
                counted_from: now,
                moved: false,
            };
            let seen = self.nodes.entry(row.node).or_insert(beat);
            if seen.process != row.process {
                self.clocks.forget(row.node);
            } else if let Some(told) = row.clock
                && seen.beat != row.beat
            {
                let (told, not_yet) = (told.unix_millis(), self.looked_at_ms);
                self.clocks.saw(row.node, told, not_yet, clock_ms);
            }
            if seen.beat != row.beat {
                *seen = Beat {
                    moved: true,
                    ..beat
                };
            }
            if was_blind {
                seen.counted_from = now;
            }
            if row.closed || now.saturating_sub(seen.since) >= LIVELY {
                self.clocks.forget(row.node);
            }
            if !row.closed && now.saturating_sub(seen.counted_from) >= SILENT {
                silent.push(*row);
            }
        }
        self.looked_at_ms = clock_ms;
        self.clocks.set(clock);
        silent
    }

    /// Returns whether a node was seen to renew its lease.
    fn moved(&self, node: NodeId) -> bool {
        self.nodes.get(&node).is_some_and(|seen| seen.moved)
    }

    /// Returns whether a node renewed its lease lately.
    fn lively(&self, node: NodeId, now: Duration) -> bool {
        let seen = self.nodes.get(&node);
        seen.is_some_and(|seen| now.saturating_sub(seen.since) < LIVELY)
    }
}

/// What was read of the cluster at one time.
pub(super) struct Sight {
    pub(super) rows: Vec<NodeRow>,
    pub(super) shards: Vec<ShardRow>,
    /// The nodes with an open lease that own chats, in order.
    pub(super) owners: Vec<NodeId>,
    pub(super) closed: HashSet<NodeId>,
}

impl Sight {
    pub(super) fn seen(&self, own: NodeId) -> Seen<'_> {
        Seen {
            own,
            shards: &self.shards,
            closed: &self.closed,
            owners: &self.owners,
        }
    }
}

impl Owner {
    /// Looks at the cluster soon: somebody knows that the shards have other owners than this node thinks.
    pub fn look_soon(&self) {
        self.placement.doubt();
        self.look.notify_one();
    }

    pub(super) async fn keep_watching(self: Arc<Self>) {
        loop {
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = tokio::time::sleep(LOOKED_AT_EVERY) => {}
                () = self.look.notified() => {}
            }
            let pause = match self.watch().await {
                Ok(_) => LOOKED_AT_MOST_EVERY,
                Err(error) => {
                    tracing::warn!(%error, "can't look after the other nodes' leases");
                    LOOKED_AT_EVERY
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits until every shard is this node's, or that of a node which was seen to live; bounded, since a node that gets no
    /// further serves what it can.
    pub(super) async fn settle(self: &Arc<Self>) {
        for _ in 0..SETTLED_WITHIN {
            let settled = self.watch().await.is_ok_and(|settled| settled);
            if settled {
                return;
            }
            tokio::time::sleep(LOOKED_AT_EVERY).await;
        }
        tracing::warn!("some shards have no owner that lives: their chats answer with errors");
    }

    /// Looks at the cluster once: closes the leases of nodes that have been silent for 10 s, claims what is this node's to
    /// claim, and gives away what is more than its share. Returns whether all shards have owners that live.
    pub(super) async fn watch(self: &Arc<Self>) -> EngineResult<bool> {
        let _one_at_a_time = self.moving.lock().await;
        let now = self.ports.clock.elapsed();
        let mut sight = self.sight().await?;
        let own = self.settings.node;
        let others: Vec<NodeRow> = sight
            .rows
            .iter()
            .copied()
            .filter(|row| row.node != own)
            .collect();
        let silent = self.beats.lock().look(&others, now, &*self.ports.clock);
        if !self.may_claim(&sight, now) {
            return Ok(false);
        }
        for row in silent {
            if self.ports.ownership.close(row).await? {
                let node = row.node.0;
                tracing::warn!(node, "closed the lease of a node that is silent");
                sight.closed.insert(row.node);
                sight.owners.retain(|owner| *owner != row.node);
            }
        }
        let due = sight.seen(own).due(|shard| self.lease.has(shard));
        for some in due.chunks(CLAIMED_AT_ONCE) {
            self.claim(some).await?;
        }
        self.give_surplus(&sight, now).await?;
        Ok(self.all_live())
    }

    /// Reads the cluster, for routing too.
    pub(super) async fn sight(&self) -> EngineResult<Sight> {
        let rows = self.ports.ownership.nodes().await?;
        self.meet(&rows).await?;
        let closed = rows.iter().filter(|row| row.closed);
        let closed: HashSet<NodeId> = closed.map(|row| row.node).collect();
        let shards = self.shard_rows(&closed).await?;
        let owns_chats = |row: &&NodeRow| {
            let profile = self.placement.profile(row.node);
            !row.closed && profile.is_some_and(|profile| profile.owns_chats)
        };
        let owners = rows.iter().filter(owns_chats).map(|row| row.node).collect();
        Ok(Sight {
            rows,
            shards,
            owners,
            closed,
        })
    }

    /// Reads who owns which shard. A node that owns no chats goes for a while by what it read: there may be many such
    /// nodes, and whom to call, which is all that it needs it for, is told by whoever it calls in vain. Where a shard has no
    /// owner whose lease is open, somebody is about to claim it.
    async fn shard_rows(&self, closed: &HashSet<NodeId>) -> EngineResult<Vec<ShardRow>> {
        let now = self.ports.clock.elapsed();
        if !self.settings.profile.owns_chats
            && let Some(shards) = self.placement.lately_read(now)
            && self.placement.is_settled(closed)
        {
            return Ok(shards);
        }
        let shards = self.ports.ownership.shards().await?;
        self.placement.take_in(&shards, now);
        Ok(shards)
    }

    /// Returns whether this node may judge others and claim: it holds its lease, and isn't leaving.
    fn may_claim(&self, sight: &Sight, now: Duration) -> bool {
        let is_own = |row: &&NodeRow| row.node == self.settings.node;
        let own = sight.rows.iter().find(is_own);
        let is_open = own.is_some_and(|row| !row.closed && row.process == self.settings.process);
        is_open && self.lease.holds(now) && !self.leaving.load(Ordering::SeqCst)
    }

    async fn give_surplus(self: &Arc<Self>, sight: &Sight, now: Duration) -> EngineResult<()> {
        let heirs = self.heirs(sight, now);
        let held = self.lease.held();
        let given = sight
            .seen(self.settings.node)
            .surplus(&held, &heirs, GIVEN_AT_ONCE);
        if given.is_empty() {
            return Ok(());
        }
        self.hand_over(&given).await?;
        self.look_soon();
        Ok(())
    }

    /// Returns the other nodes that can be given shards.
    pub(super) fn heirs(&self, sight: &Sight, now: Duration) -> Vec<NodeId> {
        let beats = self.beats.lock();
        let others = sight.owners.iter().copied();
        others
            .filter(|node| *node != self.settings.node && beats.lively(*node, now))
            .collect()
    }

    /// Returns whether this node holds what is its own, and each other shard's owner was seen to live.
    fn all_live(&self) -> bool {
        let beats = self.beats.lock();
        (0..SHARDS).map(Shard).all(|shard| {
            let owner = self.placement.owner_of(shard);
            owner.is_some_and(|owner| match owner == self.settings.node {
                true => self.lease.has(shard),
                false => beats.moved(owner),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::Timestamp;

    use super::*;
    use crate::clock::ManualClock;

    const OTHER: NodeId = NodeId(2);

    /// What looks in these seconds find silent, where the other node renews in some of them.
    fn silent_at(looks: impl IntoIterator<Item = u64>, renews: impl Fn(u64) -> bool) -> Vec<u64> {
        let clock = ManualClock::at(Timestamp::default());
        let mut beats = Beats::default();
        let mut beat = 0;
        let mut silent = Vec::new();
        for second in looks {
            beat += i64::from(renews(second));
            let row = NodeRow {
                node: OTHER,
                process: 1,
                beat,
                closed: false,
                clock: None,
            };
            let now = Duration::from_secs(second);
            if !beats.look(&[row], now, &clock).is_empty() {
                silent.push(second);
            }
        }
        silent
    }

    #[test]
    fn who_renews_no_more_is_silent_after_ten_seconds() {
        let silent = silent_at(100..115, |second| second <= 102);
        assert_eq!(silent, [112, 113, 114]);
    }

    #[test]
    fn an_outage_of_the_engine_is_nobodys_silence() {
        // Nobody can look or renew from 103 to 139; the other node renews 5 s after it is over.
        let looks = (100..103).chain(140..160);
        let silent = silent_at(looks, |second| second <= 102 || second >= 145);
        assert_eq!(silent, Vec::<u64>::new());
    }

    #[test]
    fn who_died_while_the_engine_was_away_is_silent_ten_seconds_after_it_is_back() {
        let looks = (100..103).chain(140..152);
        let silent = silent_at(looks, |second| second <= 102);
        assert_eq!(silent, [150, 151]);
    }
}
