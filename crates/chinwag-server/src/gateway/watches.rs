//! Who watches whose presence on this node, and what of that must be looked at again.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chinwag_proto::{
    SessionId, UserId,
    shapes::{Presence, PresenceStatus},
};
use parking_lot::Mutex;

use super::session::Session;

/// How long after a session's end its user may be offline: the port's grace, and a little.
const AFTER_END: Duration = Duration::from_millis(5_100);
/// Users that wait to be looked at; beyond, all watches are.
const WAITING: usize = 10_000;

type Watchers = HashMap<SessionId, Arc<Session>>;

/// The watches of this node's sessions.
///
/// A watch *stands* while both share a chat, and *rests* while they don't: a session is told nothing more, and again
/// from when they do.
#[derive(Default)]
pub(super) struct Watches {
    held: Mutex<Held>,
    due: Mutex<Due>,
}

#[derive(Default)]
struct Held {
    standing: HashMap<UserId, Watched>,
    resting: HashMap<UserId, Watchers>,
}

struct Watched {
    by: Watchers,
    /// What all were told last; none where they weren't told the same.
    told: Option<PresenceStatus>,
}

#[derive(Default)]
struct Due {
    /// Users whose last session here ended, and when their presence is read.
    ended: VecDeque<(Duration, UserId)>,
    /// Users who may share another set of chats with their watchers, or with those they watch.
    doubted: HashSet<UserId>,
    /// Whether that holds for everybody.
    all: bool,
    /// Whether some are looked at just now, by what was so a moment ago.
    looking: bool,
}

impl Held {
    fn stand(&mut self, session: &Arc<Session>, presence: &Presence) {
        let new = || Watched {
            by: HashMap::new(),
            told: Some(presence.status),
        };
        let entry = self.standing.entry(presence.user_id.clone());
        let watched = entry.or_insert_with(new);
        watched.by.insert(session.id, Arc::clone(session));
        if watched.told != Some(presence.status) {
            watched.told = None;
        }
    }

    /// Ends a watch that stands; returns whether there was one.
    fn fall(&mut self, session: SessionId, user: &UserId) -> bool {
        let Some(watched) = self.standing.get_mut(user) else {
            return false;
        };
        let stood = watched.by.remove(&session).is_some();
        if watched.by.is_empty() {
            self.standing.remove(user);
        }
        stood
    }

    /// Ends a watch that rests; returns whether there was one.
    fn wake(&mut self, session: SessionId, user: &UserId) -> bool {
        let Some(watchers) = self.resting.get_mut(user) else {
            return false;
        };
        let rested = watchers.remove(&session).is_some();
        if watchers.is_empty() {
            self.resting.remove(user);
        }
        rested
    }
}

impl Watches {
    /// Lets a session watch users, as it is told of them now.
    pub(super) fn add(&self, session: &Arc<Session>, presences: &[Presence]) {
        let mut held = self.held.lock();
        for presence in presences {
            held.wake(session.id, &presence.user_id);
            held.stand(session, presence);
        }
    }

    /// Ends a session's watches of some users.
    pub(super) fn remove<'a>(
        &self,
        session: SessionId,
        users: impl IntoIterator<Item = &'a UserId>,
    ) {
        let mut held = self.held.lock();
        for user in users {
            held.fall(session, user);
            held.wake(session, user);
        }
    }

    /// Ends all watches of a session.
    pub(super) fn forget(&self, session: &Session) {
        if let Some(watching) = session.watching().take() {
            self.remove(session.id, watching.users.iter());
        }
    }

    /// Lets a watch rest; returns whether it stood.
    pub(super) fn rest(&self, session: &Arc<Session>, user: &UserId) -> bool {
        let mut held = self.held.lock();
        let stood = held.fall(session.id, user);
        if stood {
            let watchers = held.resting.entry(user.clone()).or_default();
            watchers.insert(session.id, Arc::clone(session));
        }
        stood
    }

    /// Lets a watch that rests stand again, where there is one; returns whether there was.
    pub(super) fn resume(&self, session: &Arc<Session>, presence: &Presence) -> bool {
        let mut held = self.held.lock();
        let rested = held.wake(session.id, &presence.user_id);
        if rested {
            held.stand(session, presence);
        }
        rested
    }

    /// Notes that users left a chat: whom they may watch, and who may watch them, is looked at again.
    pub(super) fn parted(&self, users: &[UserId]) {
        if users.is_empty() || self.held.lock().standing.is_empty() {
            return;
        }
        self.doubt(users);
    }

    /// Notes that users came into a chat: so are watches that rest.
    pub(super) fn joined(&self, users: &[UserId]) {
        if users.is_empty() {
            return;
        }
        // One that is looked at may be about to rest.
        let may_rest = self.due.lock().looking || !self.held.lock().resting.is_empty();
        if may_rest {
            self.doubt(users);
        }
    }

    /// Notes that something may have been missed: all watches are looked at again.
    pub(super) fn doubt_all(&self) {
        self.due.lock().all = true;
    }

    /// Notes that some users' watches are to be looked at again.
    pub(super) fn doubt(&self, users: &[UserId]) {
        let mut due = self.due.lock();
        if due.doubted.len() + users.len() > WAITING {
            due.all = true;
        } else {
            due.doubted.extend(users.iter().cloned());
        }
    }

    /// Notes that a session of a user ended here.
    pub(super) fn ended(&self, user: &UserId, now: Duration) {
        if self.held.lock().standing.contains_key(user) {
            let mut due = self.due.lock();
            due.ended.push_back((now + AFTER_END, user.clone()));
            due.ended.truncate(WAITING);
        }
    }

    /// Returns the users whose presence somebody is told.
    pub(super) fn users(&self) -> Vec<UserId> {
        self.held.lock().standing.keys().cloned().collect()
    }

    /// Takes the users whose last session here ended long enough ago.
    pub(super) fn ended_before(&self, now: Duration) -> Vec<UserId> {
        let mut due = self.due.lock();
        let mut users = Vec::new();
        while due.ended.front().is_some_and(|(at, _)| *at <= now) {
            users.extend(due.ended.pop_front().map(|(_, user)| user));
        }
        users
    }

    /// Takes the sessions whose watches may stand or rest wrongly, each with the users in question; [`Self::looked`] follows.
    pub(super) fn doubtful(&self) -> Vec<(Arc<Session>, Vec<UserId>)> {
        let (doubted, all) = {
            let mut due = self.due.lock();
            due.looking = true;
            (
                std::mem::take(&mut due.doubted),
                std::mem::take(&mut due.all),
            )
        };
        if doubted.is_empty() && !all {
            return Vec::new();
        }
        let held = self.held.lock();
        let standing = held
            .standing
            .iter()
            .map(|(user, watched)| (user, &watched.by));
        let mut doubtful: HashMap<SessionId, (Arc<Session>, Vec<UserId>)> = HashMap::new();
        for (user, watchers) in standing.chain(&held.resting) {
            for (id, session) in watchers {
                if all || doubted.contains(user) || doubted.contains(&session.user) {
                    let (_, users) = doubtful
                        .entry(*id)
                        .or_insert_with(|| (Arc::clone(session), Vec::new()));
                    users.push(user.clone());
                }
            }
        }
        doubtful.into_values().collect()
    }

    /// Notes that all that were taken as doubtful were looked at.
    pub(super) fn looked(&self) {
        self.due.lock().looking = false;
    }

    /// Returns whom to tell, where a presence differs from what was told last.
    pub(super) fn changed(&self, presence: &Presence) -> Vec<Arc<Session>> {
        let mut held = self.held.lock();
        match held.standing.get_mut(&presence.user_id) {
            Some(watched) if watched.told != Some(presence.status) => {
                watched.told = Some(presence.status);
                watched.by.values().cloned().collect()
            }
            _ => Vec::new(),
        }
    }
}
