//! Which shards a node claims, and which it gives away, so that all own about as many (rules O3, O4).
//!
//! Each node decides for itself from what it read; a claim from an outdated row loses, so nodes that see different things
//! disagree about who is next, never about who owns.

use std::collections::{HashMap, HashSet};

use crate::{
    model::{NodeId, SHARDS, Shard, Term},
    ports::ShardRow,
};

/// A claim: the shard, from what its row says, for whom.
pub(super) type Claim = (Shard, Option<ShardRow>, NodeId);

/// What was read of the cluster.
pub(super) struct Seen<'a> {
    pub(super) own: NodeId,
    pub(super) shards: &'a [ShardRow],
    /// The numbers whose lease is closed.
    pub(super) closed: &'a HashSet<NodeId>,
    /// The nodes with an open lease that own chats, in order.
    pub(super) owners: &'a [NodeId],
}

impl Seen<'_> {
    /// Returns what this node is to claim: what its row gives it and it doesn't hold (an earlier process's, one that lapsed,
    /// one that was handed to it), and its part of what nobody owns, or a node with a closed lease.
    pub(super) fn due(&self, holds: impl Fn(Shard) -> bool) -> Vec<Claim> {
        if !self.owners.contains(&self.own) {
            return Vec::new();
        }
        let rows: HashMap<Shard, ShardRow> =
            self.shards.iter().map(|row| (row.shard, *row)).collect();
        let mut due = Vec::new();
        for shard in (0..SHARDS).map(Shard) {
            let row = rows.get(&shard).copied();
            let is_due = match row {
                Some(row) if row.owner == self.own => !holds(shard),
                Some(row) if !self.closed.contains(&row.owner) => false,
                _ => self.falls_to(shard) == self.own,
            };
            if is_due {
                due.push((shard, row, self.own));
            }
        }
        due
    }

    /// Returns to whom a shard falls that nobody owns: the same on every node that sees the same nodes.
    fn falls_to(&self, shard: Shard) -> NodeId {
        self.owners[usize::from(shard.0) % self.owners.len()]
    }

    /// Returns which of the shards held this node gives away, and to whom: what it has above an even share, to `heirs` that
    /// have less than one.
    pub(super) fn surplus(
        &self,
        held: &[(Shard, Term)],
        heirs: &[NodeId],
        most: usize,
    ) -> Vec<(Shard, Term, NodeId)> {
        let nodes = self.owners.len().max(1);
        let (least, even) = (
            usize::from(SHARDS) / nodes,
            usize::from(SHARDS).div_ceil(nodes),
        );
        let mut has = self.counts(heirs);
        let below = |share: usize| move |(_, count): &(NodeId, usize)| *count < share;
        // One above the lower share is surplus only where somebody else is below it.
        let share = if has.iter().any(below(least)) {
            least
        } else {
            even
        };
        has.retain(below(share));
        let room: usize = has.iter().map(|(_, count)| share - count).sum();
        let given = held.len().saturating_sub(share).min(room).min(most);
        share_out(held.iter().take(given), has)
    }

    /// Returns to whom each of the shards held goes where this node leaves.
    pub(super) fn legacy(
        &self,
        held: &[(Shard, Term)],
        heirs: &[NodeId],
    ) -> Vec<(Shard, Term, NodeId)> {
        share_out(held.iter(), self.counts(heirs))
    }

    fn counts(&self, nodes: &[NodeId]) -> Vec<(NodeId, usize)> {
        let count = |node: &NodeId| self.shards.iter().filter(|row| row.owner == *node).count();
        nodes.iter().map(|node| (*node, count(node))).collect()
    }
}

/// Gives each shard to whoever has fewest; nothing where nobody is there.
fn share_out<'a>(
    shards: impl Iterator<Item = &'a (Shard, Term)>,
    mut has: Vec<(NodeId, usize)>,
) -> Vec<(Shard, Term, NodeId)> {
    let mut given = Vec::new();
    for (shard, term) in shards {
        let Some((heir, count)) = has.iter_mut().min_by_key(|(node, count)| (*count, *node)) else {
            break;
        };
        *count += 1;
        given.push((*shard, *term, *heir));
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(owners: impl Fn(u16) -> u16) -> Vec<ShardRow> {
        let row = |shard| ShardRow {
            shard: Shard(shard),
            owner: NodeId(owners(shard)),
            term: Term(1),
        };
        (0..SHARDS).map(row).collect()
    }

    fn held(shards: &[ShardRow], node: u16) -> Vec<(Shard, Term)> {
        let own = shards.iter().filter(|row| row.owner == NodeId(node));
        own.map(|row| (row.shard, row.term)).collect()
    }

    #[test]
    fn what_a_dead_node_owned_falls_to_the_living_evenly_and_to_each_once() {
        let shards = owned(|shard| shard % 4);
        let closed = HashSet::from([NodeId(3)]);
        let owners = [NodeId(0), NodeId(1), NodeId(2)];
        let mut claimed = Vec::new();
        for own in owners {
            let seen = Seen {
                own,
                shards: &shards,
                closed: &closed,
                owners: &owners,
            };
            let due = seen.due(|shard| shards[usize::from(shard.0)].owner == own);
            assert!((80..=90).contains(&due.len()), "{}", due.len());
            claimed.extend(due.into_iter().map(|(shard, ..)| shard));
        }
        claimed.sort_unstable();
        let left: Vec<Shard> = held(&shards, 3)
            .into_iter()
            .map(|(shard, _)| shard)
            .collect();
        assert_eq!(claimed, left);
    }

    #[test]
    fn giving_ends_with_even_shares_and_then_stops() {
        for nodes in 2..=7_u16 {
            let owners: Vec<NodeId> = (0..nodes).map(NodeId).collect();
            // All with one node, as after a first start.
            let mut shards = owned(|_| 0);
            for _ in 0..200 {
                for own in owners.clone() {
                    let heirs: Vec<NodeId> = owners.iter().copied().filter(|n| *n != own).collect();
                    let seen = Seen {
                        own,
                        shards: &shards,
                        closed: &HashSet::new(),
                        owners: &owners,
                    };
                    let given = seen.surplus(&held(&shards, own.0), &heirs, 32);
                    for (shard, _, heir) in given {
                        shards[usize::from(shard.0)].owner = heir;
                    }
                }
            }
            for node in owners {
                let count = held(&shards, node.0).len();
                let (least, most) = (
                    1_024 / usize::from(nodes),
                    1_024_usize.div_ceil(nodes.into()),
                );
                assert!((least..=most).contains(&count), "{count} of {nodes} nodes");
            }
        }
    }

    #[test]
    fn a_node_that_owns_no_chats_claims_nothing() {
        let seen = Seen {
            own: NodeId(9),
            shards: &[],
            closed: &HashSet::new(),
            owners: &[NodeId(1)],
        };
        assert!(seen.due(|_| false).is_empty());
    }
}
