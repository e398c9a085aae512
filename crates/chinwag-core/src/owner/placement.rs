//! Who owns which shard and where nodes are called, as last read: for routing, and never to decide who may write.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU16, Ordering},
    },
    time::Duration,
};

use chinwag_proto::ChatId;
use parking_lot::{Mutex, RwLock};

use super::Owner;
use crate::{
    model::{NodeId, SHARDS, Shard},
    ports::{EngineResult, NodeProfile, NodeRow, ShardRow},
};

/// Stands where nobody has claimed a shard yet; no node has the number.
const NOBODY: u16 = u16::MAX;
/// For how long a node that owns no chats goes by what it read, unless it called somebody in vain.
const LATELY: Duration = Duration::from_secs(30);

/// Who owns what, and who is who.
pub(super) struct Placement {
    owners: Vec<AtomicU16>,
    profiles: RwLock<HashMap<NodeId, (u64, Arc<NodeProfile>)>>,
    /// The rows as last read, and when.
    rows: Mutex<Option<(Duration, Vec<ShardRow>)>>,
    /// Whether somebody found them outdated since the last read began.
    doubted: AtomicBool,
}

impl Placement {
    pub(super) fn new() -> Self {
        Self {
            owners: (0..SHARDS).map(|_| AtomicU16::new(NOBODY)).collect(),
            profiles: RwLock::default(),
            rows: Mutex::default(),
            doubted: AtomicBool::new(false),
        }
    }

    /// Takes in who owns shards.
    pub(super) fn take_in(&self, rows: &[ShardRow], now: Duration) {
        for row in rows {
            self.put(row.shard, row.owner);
        }
        *self.rows.lock() = Some((now, rows.to_vec()));
    }

    /// Returns the rows if they were read a moment ago, and nobody found them outdated since; else they are to be read.
    pub(super) fn lately_read(&self, now: Duration) -> Option<Vec<ShardRow>> {
        if self.doubted.swap(false, Ordering::AcqRel) {
            return None;
        }
        let rows = self.rows.lock();
        let (at, rows) = rows.as_ref()?;
        (now.saturating_sub(*at) < LATELY).then(|| rows.clone())
    }

    /// Returns whether each shard has an owner that isn't one of those whose lease is closed, as far as is known.
    pub(super) fn is_settled(&self, closed: &HashSet<NodeId>) -> bool {
        let mut owners = (0..SHARDS).map(|shard| self.owner_of(Shard(shard)));
        owners.all(|owner| owner.is_some_and(|owner| !closed.contains(&owner)))
    }

    /// Notes that what was read is outdated.
    pub(super) fn doubt(&self) {
        self.doubted.store(true, Ordering::Release);
    }

    pub(super) fn put(&self, shard: Shard, owner: NodeId) {
        self.owners[usize::from(shard.0)].store(owner.0, Ordering::Release);
    }

    pub(super) fn owner_of(&self, shard: Shard) -> Option<NodeId> {
        let owner = self.owners[usize::from(shard.0)].load(Ordering::Acquire);
        (owner != NOBODY).then_some(NodeId(owner))
    }

    /// Returns what the process that has a number says of itself.
    pub(super) fn profile(&self, node: NodeId) -> Option<Arc<NodeProfile>> {
        let profiles = self.profiles.read();
        profiles.get(&node).map(|(_, profile)| Arc::clone(profile))
    }

    fn knows(&self, row: &NodeRow) -> bool {
        let profiles = self.profiles.read();
        let known = profiles.get(&row.node);
        known.is_some_and(|(process, _)| *process == row.process)
    }
}

impl Owner {
    /// Returns this node's number.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.settings.node
    }

    /// Returns what the other nodes are told of this one.
    #[must_use]
    pub fn profile(&self) -> NodeProfile {
        self.settings.profile.clone()
    }

    /// Returns whether this node owns a chat now.
    #[must_use]
    pub fn owns(&self, chat: ChatId) -> bool {
        self.lease
            .term_of(chat, self.ports.clock.elapsed())
            .is_some()
    }

    /// Returns how many of the 1,024 shards this node owns now.
    #[must_use]
    pub fn shards(&self) -> usize {
        match self.lease.holds(self.ports.clock.elapsed()) {
            true => self.lease.held().len(),
            false => 0,
        }
    }

    /// Returns which node owns a chat, as far as this one knows; it may be outdated by seconds.
    #[must_use]
    pub fn owner_of(&self, chat: ChatId) -> Option<NodeId> {
        if self.owns(chat) {
            return Some(self.settings.node);
        }
        self.placement.owner_of(Shard::of(chat))
    }

    /// Returns where a node is called; none where it takes no calls, or isn't known.
    #[must_use]
    pub fn address_of(&self, node: NodeId) -> Option<String> {
        self.placement.profile(node)?.address.clone()
    }

    /// Returns the other nodes that live, as last seen, each with what it says of itself.
    pub async fn neighbours(&self) -> EngineResult<Vec<(NodeId, Arc<NodeProfile>)>> {
        let rows = self.ports.ownership.nodes().await?;
        self.meet(&rows).await?;
        let own = self.settings.node;
        let others = rows.iter().filter(|row| !row.closed && row.node != own);
        Ok(others
            .filter_map(|row| Some((row.node, self.placement.profile(row.node)?)))
            .collect())
    }

    /// Reads what new processes say of themselves.
    pub(super) async fn meet(&self, rows: &[NodeRow]) -> EngineResult<()> {
        for row in rows {
            if self.placement.knows(row) {
                continue;
            }
            let profile = self.ports.ownership.profile(row.node, row.process).await?;
            let known = (row.process, Arc::new(profile.unwrap_or_default()));
            self.placement.profiles.write().insert(row.node, known);
        }
        Ok(())
    }
}
