//! [`Presence`] in one process: the reference, and what the embedded mode uses.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chinwag_proto::{SessionId, UserId, shapes};
use parking_lot::Mutex;

use super::leases::Leases;
use crate::{
    clock::Clock,
    model::NodeId,
    ports::{EngineResult, Presence, SessionBeat, SessionLocation},
};

/// So many maps, so that nodes' many tasks seldom wait for each other.
const PARTS: usize = 64;
/// Up to so many users a part are kept after their last session ended, for `lastSeen`: a million in all.
const REMEMBERED: usize = 16_384;

/// Keeps the leases of sessions in this process.
///
/// Every call costs the users that it names and nothing else: an ended lease is noticed by whoever looks at it.
pub struct MemoryPresence {
    clock: Arc<dyn Clock>,
    hasher: RandomState,
    parts: Box<[Mutex<Part>]>,
}

#[derive(Default)]
struct Part {
    users: HashMap<UserId, Leases>,
    /// At how many users those who are long gone are forgotten.
    swept_at: usize,
}

impl MemoryPresence {
    /// Makes one where nobody is online.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let part = || Part {
            users: HashMap::new(),
            swept_at: 2 * REMEMBERED,
        };
        Self {
            clock,
            hasher: RandomState::new(),
            parts: (0..PARTS).map(|_| Mutex::new(part())).collect(),
        }
    }

    fn part(&self, user: &UserId) -> &Mutex<Part> {
        let hash = usize::try_from(self.hasher.hash_one(user) % PARTS as u64);
        &self.parts[hash.unwrap_or_default()]
    }
}

impl Part {
    fn leases(&mut self, user: &UserId, now: Duration) -> &mut Leases {
        if self.users.len() >= self.swept_at && !self.users.contains_key(user) {
            self.sweep(now);
        }
        self.users.entry(user.clone()).or_default()
    }

    /// Forgets those who have been gone for longest; seldom enough to cost little a call.
    fn sweep(&mut self, now: Duration) {
        let mut ends: Vec<Duration> = self
            .users
            .values()
            .filter_map(|leases| leases.ended(now))
            .collect();
        if ends.len() > REMEMBERED {
            let first_kept = ends.len() - REMEMBERED;
            let (_, kept_from, _) = ends.select_nth_unstable(first_kept);
            let kept_from = *kept_from;
            self.users
                .retain(|_, leases| leases.ended(now).is_none_or(|end| end >= kept_from));
        }
        self.swept_at = 2 * self.users.len().max(REMEMBERED);
    }
}

#[async_trait]
impl Presence for MemoryPresence {
    async fn touch(&self, beats: &[SessionBeat]) -> EngineResult<()> {
        let now = self.clock.elapsed();
        for beat in beats {
            let mut part = self.part(&beat.user).lock();
            part.leases(&beat.user, now).touch(beat, now);
        }
        Ok(())
    }

    async fn leave(&self, user: &UserId, session: SessionId) -> EngineResult<()> {
        let now = self.clock.elapsed();
        if let Some(leases) = self.part(user).lock().users.get_mut(user) {
            leases.leave(session, now);
        }
        Ok(())
    }

    async fn locate(
        &self,
        users: &[UserId],
        except: Option<SessionId>,
    ) -> EngineResult<Vec<Vec<NodeId>>> {
        let now = self.clock.elapsed();
        let nodes_of = |user| {
            let part = self.part(user).lock();
            part.users
                .get(user)
                .map(|leases| leases.nodes(now, except))
                .unwrap_or_default()
        };
        Ok(users.iter().map(nodes_of).collect())
    }

    async fn online(&self, users: &[UserId]) -> EngineResult<Vec<shapes::Presence>> {
        let (wall, now) = (self.clock.now(), self.clock.elapsed());
        let presence = |user: &UserId| {
            let part = self.part(user).lock();
            let leases = part.users.get(user);
            let online = leases.is_some_and(|leases| leases.online(now));
            let ended = leases.and_then(|leases| leases.ended(now));
            let ago = ended.map(|ended| now.saturating_sub(ended).as_millis());
            shapes::Presence {
                user_id: user.clone(),
                status: if online {
                    shapes::PresenceStatus::Online
                } else {
                    shapes::PresenceStatus::Offline
                },
                last_seen: ago
                    .filter(|_| !online)
                    .map(|ago| wall.plus_millis(-i64::try_from(ago).unwrap_or(i64::MAX))),
            }
        };
        Ok(users.iter().map(presence).collect())
    }

    async fn sessions(&self, user: &UserId) -> EngineResult<Vec<SessionLocation>> {
        let now = self.clock.elapsed();
        let part = self.part(user).lock();
        let leases = part.users.get(user);
        Ok(leases
            .map(|leases| leases.locations(now))
            .unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::Timestamp;

    use super::*;
    use crate::{
        clock::ManualClock,
        memory::leases::{GRACE, LEASE},
    };

    fn beat(user: usize) -> SessionBeat {
        SessionBeat {
            user: UserId::new(&format!("user{user}")).unwrap(),
            session: SessionId(user as u64),
            node: NodeId(0),
            device: None,
            connected_at: Timestamp::default(),
        }
    }

    fn users_in(presence: &MemoryPresence) -> usize {
        let lens = presence.parts.iter().map(|part| part.lock().users.len());
        lens.sum()
    }

    #[test]
    fn sweeping_forgets_those_gone_for_longest_and_nobody_online() {
        let mut part = Part {
            users: HashMap::new(),
            swept_at: 0,
        };
        let at = |number: usize| Duration::from_secs(number as u64);
        let many = REMEMBERED + 1_000;
        for number in 0..many {
            let beat = beat(number);
            part.users
                .entry(beat.user.clone())
                .or_default()
                .touch(&beat, at(number));
        }
        part.sweep(at(many - 1));
        let online = usize::try_from(LEASE.as_secs()).unwrap();
        assert_eq!(part.users.len(), REMEMBERED + online);
        assert!(!part.users.contains_key(&beat(0).user));
        assert!(part.users.contains_key(&beat(many - 1).user));
    }

    #[tokio::test]
    async fn a_user_who_comes_and_goes_takes_the_room_of_one() {
        let clock = Arc::new(ManualClock::at(Timestamp::default()));
        let presence = MemoryPresence::new(clock.clone());
        for session in 0..100 {
            let beat = SessionBeat {
                session: SessionId(session),
                ..beat(0)
            };
            presence.touch(std::slice::from_ref(&beat)).await.unwrap();
            clock.advance(u64::try_from(GRACE.as_millis()).unwrap());
        }
        assert_eq!(users_in(&presence), 1);
        let part = presence.part(&beat(0).user).lock();
        assert!(part.users[&beat(0).user].kept() <= 7);
    }
}
