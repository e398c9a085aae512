//! The sessions of this node, by user.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, atomic::Ordering},
};

use bytes::Bytes;
use chinwag_core::ports::{Broadcast, BroadcastFrame};
use chinwag_proto::{SessionId, UserId};
use parking_lot::RwLock;
use smallvec::SmallVec;

use super::{GatewayCounts, encode, session::Session};
use crate::ws::{Class, Sent};

/// Independent locks, so that connects and deliveries rarely wait for each other.
const SHARDS: usize = 32;

type Sessions = SmallVec<[Arc<Session>; 1]>;

/// The sessions of this node.
pub(super) struct Registry {
    hasher: RandomState,
    shards: [RwLock<HashMap<UserId, Sessions>>; SHARDS],
    counts: Arc<GatewayCounts>,
}

impl Registry {
    pub(super) fn new(counts: Arc<GatewayCounts>) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: std::array::from_fn(|_| RwLock::default()),
            counts,
        }
    }

    fn shard(&self, user: &UserId) -> &RwLock<HashMap<UserId, Sessions>> {
        let index = usize::try_from(self.hasher.hash_one(user)).unwrap_or_default() % SHARDS;
        &self.shards[index]
    }

    /// Adds a session; returns whether it is the user's first on this node.
    pub(super) fn add(&self, session: Arc<Session>) -> bool {
        self.counts.sessions.fetch_add(1, Ordering::Relaxed);
        let mut shard = self.shard(&session.user).write();
        let sessions = shard.entry(session.user.clone()).or_default();
        sessions.push(session);
        sessions.len() == 1
    }

    /// Removes a session; returns whether it was the user's last on this node.
    pub(super) fn remove(&self, session: &Session) -> bool {
        self.counts.sessions.fetch_sub(1, Ordering::Relaxed);
        let mut shard = self.shard(&session.user).write();
        let Some(sessions) = shard.get_mut(&session.user) else {
            return true;
        };
        sessions.retain(|held| held.id != session.id);
        let last = sessions.is_empty();
        if last {
            shard.remove(&session.user);
        }
        last
    }

    /// Returns a user's sessions here.
    pub(super) fn of(&self, user: &UserId) -> Sessions {
        self.shard(user)
            .read()
            .get(user)
            .cloned()
            .unwrap_or_default()
    }

    /// Returns all sessions.
    pub(super) fn all(&self) -> Vec<Arc<Session>> {
        let sessions = |shard: &RwLock<HashMap<UserId, Sessions>>| -> Vec<Arc<Session>> {
            shard.read().values().flatten().cloned().collect()
        };
        self.shards.iter().flat_map(sessions).collect()
    }

    /// Sends encoded frames to the sessions of users, but for one.
    pub(super) fn send(
        &self,
        users: &[UserId],
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
        for user in &*broadcast.users {
            let shard = self.shard(user).read();
            for session in shard.get(user).into_iter().flatten() {
                let frames: SmallVec<[Bytes; 1]> = encoded
                    .iter()
                    .filter_map(|frame| frame.for_session(session))
                    .collect();
                self.count(session.send_encoded(&frames, Class::Event), frames.len());
            }
        }
    }

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
