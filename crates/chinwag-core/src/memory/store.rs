//! What the stores in memory share: one state behind one lock, so that an append is seen whole or not at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chinwag_proto::{ChatId, ClientId, DeviceId, EventId, Seq, UserId, shapes::Version};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::{caused::States, event_queue::Queue};
use crate::{
    model::{
        ApiKey, ChatRow, DeviceRow, LogRow, MarkRow, MemberRow, NodeId, PreferencesRow, Shard,
        Term, UserRow,
    },
    ports::{NodeProfile, NodeRow, ReservedIds, ShardRow, Stamp},
};

/// Keeps logs, directory, accounts, queue and ownership in memory: the reference of these five ports.
///
/// It forgets everything with the process, so "durable" means that it outlives whoever uses it. Clones share
/// everything.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    reserved: ReservedIds,
    queued: Notify,
}

impl MemoryStore {
    /// Makes an empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock()
    }

    pub(super) fn reserved(&self) -> &ReservedIds {
        &self.shared.reserved
    }

    /// Returns what is told whenever the queue may have got a record.
    pub(super) fn queued(&self) -> &Notify {
        &self.shared.queued
    }
}

/// A value with the stamp under which it was written (rule S3).
#[derive(Debug, Clone)]
pub(super) struct Cell<T> {
    pub(super) stamp: Stamp,
    pub(super) value: T,
}

/// Rows that can be written under different stamps.
pub(super) type Cells<K, T> = BTreeMap<K, Cell<T>>;

/// Writes a value unless one stands there under a higher stamp.
pub(super) fn put<K: Ord, T>(cells: &mut Cells<K, T>, key: K, stamp: Stamp, value: T) {
    let loses = cells.get(&key).is_some_and(|there| there.stamp > stamp);
    if !loses {
        cells.insert(key, Cell { stamp, value });
    }
}

/// Everything that is kept.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) log: Cells<(ChatId, Seq), LogRow>,
    pub(super) ids: BTreeMap<EventId, (ChatId, Seq)>,
    pub(super) sent: Cells<(ChatId, UserId, ClientId), (Seq, EventId)>,
    /// What a message has besides its row, by the message's place.
    pub(super) extras: BTreeMap<(ChatId, Seq), Extras>,
    pub(super) queue: Queue,

    pub(super) chats: States<ChatId, ChatRow>,
    pub(super) members: States<(ChatId, UserId), MemberRow>,
    pub(super) chats_of: BTreeSet<(UserId, ChatId)>,
    pub(super) marks: Cells<(ChatId, UserId), MarkRow>,
    pub(super) preferences: BTreeMap<(ChatId, UserId), PreferencesRow>,
    pub(super) pairs: BTreeMap<(UserId, UserId), ChatId>,
    pub(super) requests: BTreeMap<(UserId, ClientId), ChatId>,

    pub(super) users: BTreeMap<UserId, UserRow>,
    pub(super) keys: BTreeMap<String, ApiKey>,
    pub(super) devices: BTreeMap<(UserId, DeviceId), DeviceRow>,

    pub(super) queue_marks: BTreeMap<(Shard, u64, ChatId, Seq), Term>,
    pub(super) queue_checkpoints: Cells<Shard, u64>,

    pub(super) shards: BTreeMap<Shard, ShardRow>,
    pub(super) ids_up_to: BTreeMap<NodeId, u64>,
    pub(super) nodes: BTreeMap<NodeId, NodeRow>,
    pub(super) profiles: BTreeMap<(NodeId, u64), NodeProfile>,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
}

/// What a message has besides its row.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// By the place of the event that kept it, and its number among those that the event kept.
    pub(super) versions: Cells<(Seq, u16), Version>,
    /// Taken off stays, as `false`, so that an older write can't bring it back.
    pub(super) reactions: Cells<(UserId, String), bool>,
    /// Where the message was deleted or sealed: the stamp below which nothing comes in any more.
    pub(super) closed: Option<Stamp>,
}
