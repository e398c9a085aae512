//! One user's leases: what the guarantees of [`crate::ports::Presence`] mean in time.

use std::time::Duration;

use chinwag_proto::{DeviceId, SessionId, Timestamp};
use smallvec::SmallVec;

use crate::{
    model::NodeId,
    ports::{SessionBeat, SessionLocation},
};

/// How long a session lives after a sign of life.
pub(super) const LEASE: Duration = Duration::from_secs(30);
/// How long a user stays online after the last session left: a page reload doesn't flicker.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// One user's sessions, and when the last one ended.
#[derive(Default)]
pub(super) struct Leases {
    /// Those that ended without a word go when the next one comes.
    live: SmallVec<[Lease; 1]>,
    /// When the last of those that are no longer in `live` ended.
    left: Option<Duration>,
    /// Until when the last leaving doesn't show.
    graceful_until: Duration,
}

struct Lease {
    session: SessionId,
    node: NodeId,
    device: Option<DeviceId>,
    connected_at: Timestamp,
    until: Duration,
}

impl Leases {
    /// Lets a session live from now on.
    pub(super) fn touch(&mut self, beat: &SessionBeat, now: Duration) {
        self.drop_ended(now);
        let until = now + LEASE;
        let known = self.live.iter_mut().find(|it| it.session == beat.session);
        if let Some(lease) = known {
            lease.until = until;
            lease.node = beat.node;
            return;
        }
        self.live.push(Lease {
            session: beat.session,
            node: beat.node,
            device: beat.device.clone(),
            connected_at: beat.connected_at,
            until,
        });
    }

    /// Ends a session.
    pub(super) fn leave(&mut self, session: SessionId, now: Duration) {
        self.drop_ended(now);
        let before = self.live.len();
        self.live.retain(|lease| lease.session != session);
        if self.live.len() < before {
            self.left = Some(now);
            self.graceful_until = now + GRACE;
        }
    }

    /// Returns the nodes with a living session, one apart, each once.
    pub(super) fn nodes(&self, now: Duration, except: Option<SessionId>) -> Vec<NodeId> {
        let mut nodes = Vec::new();
        for lease in self.living(now) {
            if Some(lease.session) != except && !nodes.contains(&lease.node) {
                nodes.push(lease.node);
            }
        }
        nodes
    }

    /// Returns whether a session lives or its grace lasts.
    pub(super) fn online(&self, now: Duration) -> bool {
        now < self.graceful_until || self.living(now).next().is_some()
    }

    /// Returns when the last session ended; none while one lives.
    pub(super) fn ended(&self, now: Duration) -> Option<Duration> {
        if self.living(now).next().is_some() {
            return None;
        }
        let expired = self.live.iter().map(|lease| lease.until).max();
        expired.max(self.left)
    }

    /// Returns the living sessions, oldest first.
    pub(super) fn locations(&self, now: Duration) -> Vec<SessionLocation> {
        let mut locations: Vec<_> = self
            .living(now)
            .map(|lease| SessionLocation {
                session: lease.session,
                node: lease.node,
                device: lease.device.clone(),
                connected_at: lease.connected_at,
            })
            .collect();
        locations.sort_by_key(|location| (location.connected_at, location.session));
        locations
    }

    fn living(&self, now: Duration) -> impl Iterator<Item = &Lease> {
        self.live.iter().filter(move |lease| now < lease.until)
    }

    fn drop_ended(&mut self, now: Duration) {
        let mut left = self.left;
        self.live.retain(|lease| {
            let lives = now < lease.until;
            if !lives {
                left = left.max(Some(lease.until));
            }
            lives
        });
        self.left = left;
    }

    /// Returns how many sessions are kept, ended ones included.
    #[cfg(test)]
    pub(super) fn kept(&self) -> usize {
        self.live.len()
    }
}
