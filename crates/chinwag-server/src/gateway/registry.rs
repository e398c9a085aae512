//! The sessions of this node, by user.

use std::{
    collections::HashMap,
    hash::BuildHasher as _,
    sync::{Arc, OnceLock, atomic::Ordering},
};

use bytes::Bytes;
use chinwag_core::ports::{Broadcast, BroadcastFrame};
use chinwag_proto::{SessionId, UserId, frames::ServerFrame};
use foldhash::{SharedSeed, quality::SeedableRandomState};
use parking_lot::RwLock;
use smallvec::SmallVec;

use super::{GatewayCounts, encode, session::Session, spread::Spread};
use crate::ws::{Class, Sent};

/// Independent locks, so that connects and deliveries rarely wait for each other.
const SHARDS: usize = 32;

type Sessions = SmallVec<[Arc<Session>; 1]>;

/// Looked into for every member of every event: the hash is quick.
type Shard = RwLock<HashMap<UserId, Sessions, SeedableRandomState>>;

/// Makes a hash that nobody foresees: by the system's randomness, not by where things lie in memory.
fn hasher() -> SeedableRandomState {
    static SEED: OnceLock<SharedSeed> = OnceLock::new();
    let shared = SEED.get_or_init(|| SharedSeed::from_u64(rand::random()));
    SeedableRandomState::with_seed(rand::random(), shared)
}

/// The sessions of this node.
pub(super) struct Registry {
    hasher: SeedableRandomState,
    shards: [Shard; SHARDS],
    counts: Arc<GatewayCounts>,
    spread: Spread,
}

impl Registry {
    pub(super) fn new(counts: Arc<GatewayCounts>, delivery_threads: usize) -> Self {
        Self {
            hasher: hasher(),
            shards: std::array::from_fn(|_| RwLock::new(HashMap::with_hasher(hasher()))),
            counts,
            spread: Spread::new(delivery_threads),
        }
    }

    fn shard(&self, user: &UserId) -> &Shard {
        let index = usize::try_from(self.hasher.hash_one(user)).unwrap_or_default() % SHARDS;
        &self.shards[index]
    }

    /// Adds a session and sends it its first frame: no event comes before that, and none is missed after it.
    pub(super) fn add(&self, session: &Arc<Session>, ready: &ServerFrame) {
        self.counts.sessions.fetch_add(1, Ordering::Relaxed);
        let mut shard = self.shard(&session.user).write();
        let sessions = shard.entry(session.user.clone()).or_default();
        sessions.push(Arc::clone(session));
        session.send(ready);
    }

    /// Removes a session.
    pub(super) fn remove(&self, session: &Session) {
        self.counts.sessions.fetch_sub(1, Ordering::Relaxed);
        let mut shard = self.shard(&session.user).write();
        let Some(sessions) = shard.get_mut(&session.user) else {
            return;
        };
        sessions.retain(|held| held.id != session.id);
        if sessions.is_empty() {
            shard.remove(&session.user);
        }
    }

    /// Returns whether a user has a session here.
    pub(super) fn has(&self, user: &UserId) -> bool {
        self.shard(user).read().contains_key(user)
    }

    /// Returns a user's sessions here.
    pub(super) fn of(&self, user: &UserId) -> Sessions {
        self.shard(user)
            .read()
            .get(user)
            .cloned()
            .unwrap_or_default()
    }

    /// Returns the users who have sessions here.
    pub(super) fn users(&self) -> Vec<UserId> {
        let users = |shard: &Shard| -> Vec<UserId> { shard.read().keys().cloned().collect() };
        self.shards.iter().flat_map(users).collect()
    }

    /// Looks at all sessions, one shard after the other; `look` must not take long.
    pub(super) fn for_each(&self, mut look: impl FnMut(&Arc<Session>)) {
        for shard in &self.shards {
            shard.read().values().flatten().for_each(&mut look);
        }
    }

    /// Returns all sessions.
    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        let sessions = |shard: &Shard| -> Vec<Arc<Session>> {
            shard.read().values().flatten().cloned().collect()
        };
        self.shards.iter().flat_map(sessions).collect()
    }

    /// Sends an encoded frame to the sessions of users, but for one.
    pub(super) fn send<'a>(
        &self,
        users: impl IntoIterator<Item = &'a UserId>,
        frame: &Bytes,
        class: Class,
        except: Option<SessionId>,
    ) {
        for user in users {
            let shard = self.shard(user).read();
            for session in shard
                .get(user)
                .into_iter()
                .flatten()
                .filter(|session| Some(session.id) != except)
            {
                self.count(session.send_encoded(std::slice::from_ref(frame), class), 1);
            }
        }
    }

    /// Delivers events to the users that they are addressed to.
    pub(super) fn deliver(&self, broadcast: &Broadcast) {
        let encoded: Vec<Encoded<'_>> = broadcast.frames.iter().map(Encoded::new).collect();
        self.deliver_encoded(&broadcast.users, &encoded);
    }

    /// Delivers events to users.
    pub(super) fn deliver_encoded(&self, users: &[UserId], encoded: &[Encoded<'_>]) {
        self.spread.each(users, |user| {
            let shard = self.shard(user).read();
            for session in shard.get(user).into_iter().flatten() {
                let frames: SmallVec<[Bytes; 1]> = encoded
                    .iter()
                    .filter_map(|frame| frame.for_session(session))
                    .collect();
                self.count(session.send_encoded(&frames, Class::Event), frames.len());
            }
        });
    }

    /// Sends frames to the sessions of each of the users.
    pub(super) fn send_to_each(&self, users: &[UserId], frames: &[Bytes]) {
        self.spread.each(users, |user| self.send_many(user, frames));
    }

    /// Sends frames to a user's sessions.
    pub(super) fn send_many(&self, user: &UserId, frames: &[Bytes]) {
        let shard = self.shard(user).read();
        for session in shard.get(user).into_iter().flatten() {
            self.count(session.send_encoded(frames, Class::Event), frames.len());
        }
    }

    /// Counts what became of frames.
    pub(super) fn count(&self, sent: Sent, frames: usize) {
        let counter = match sent {
            Sent::Written | Sent::Queued => &self.counts.deliveries,
            Sent::Dropped | Sent::Closed => &self.counts.dropped,
        };
        counter.fetch_add(frames as u64, Ordering::Relaxed);
    }
}

/// An event encoded once, and once more as `hidden` where somebody needs that.
pub(super) struct Encoded<'a> {
    frame: &'a BroadcastFrame,
    seen: Bytes,
    hidden: Option<Bytes>,
}

impl<'a> Encoded<'a> {
    pub(super) fn new(frame: &'a BroadcastFrame) -> Self {
        let needs_hidden = !frame.hidden_from.is_empty();
        Self {
            frame,
            seen: encode::log(&frame.frame),
            hidden: needs_hidden.then(|| hidden(frame)),
        }
    }

    fn for_session(&self, session: &Session) -> Option<Bytes> {
        if self.frame.except == Some(session.id) {
            return None;
        }
        match &self.hidden {
            Some(hidden) if self.frame.hidden_from.contains(&session.user) => Some(hidden.clone()),
            _ => Some(self.seen.clone()),
        }
    }
}

/// Encodes an event for those who may not see it.
pub(super) fn hidden(frame: &BroadcastFrame) -> Bytes {
    let body = chinwag_proto::frames::LogBody::Hidden;
    encode::log(&chinwag_proto::frames::LogFrame {
        body,
        ..frame.frame.clone()
    })
}
