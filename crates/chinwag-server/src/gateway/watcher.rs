//! Presence of the users whom somebody here watches: told at once and on every difference.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use chinwag_proto::{
    Problem, SessionId, UserId,
    frames::{RequestId, ServerFrame},
    shapes::{Presence, PresenceStatus},
};
use parking_lot::Mutex;

use super::{Gateway, dispatch::refusal, encode, session::Session};
use crate::ws::Class;

/// How often it is looked for what is due.
const EVERY: Duration = Duration::from_millis(500);
/// How often the leases of all users watched here are read.
const ALL_EVERY: Duration = Duration::from_secs(5);
/// How long after a session's end its user may be offline: the port's grace, and a little.
const AFTER_END: Duration = Duration::from_millis(5_100);
/// Users asked for in one call.
const BATCH: usize = 1_000;
/// Users that wait to be looked at; beyond, all watches are.
const WAITING: usize = 10_000;

/// Who watches whom on this node.
#[derive(Default)]
pub(super) struct Watcher {
    watched: Mutex<HashMap<UserId, Watched>>,
    due: Mutex<Due>,
}

#[derive(Default)]
struct Watched {
    by: HashMap<SessionId, Arc<Session>>,
    told: Option<PresenceStatus>,
}

#[derive(Default)]
struct Due {
    /// Users whose last session here ended, and when their presence is read.
    ended: VecDeque<(Duration, UserId)>,
    /// Users who may share no chat with their watchers, or with those they watch, any more.
    parted: HashSet<UserId>,
    /// Whether that holds for everybody.
    all: bool,
}

impl Watcher {
    fn add(&self, session: &Arc<Session>, presences: &[Presence]) {
        let mut watched = self.watched.lock();
        for presence in presences {
            let entry = watched.entry(presence.user_id.clone()).or_default();
            entry.by.insert(session.id, Arc::clone(session));
            entry.told.get_or_insert(presence.status);
        }
    }

    /// Ends a session's watches of some users.
    fn remove<'a>(&self, session: SessionId, users: impl IntoIterator<Item = &'a UserId>) {
        let mut watched = self.watched.lock();
        for user in users {
            if let Some(entry) = watched.get_mut(user) {
                entry.by.remove(&session);
                if entry.by.is_empty() {
                    watched.remove(user);
                }
            }
        }
    }

    /// Ends all watches of a session.
    pub(super) fn forget(&self, session: &Session) {
        if let Some(watching) = session.watching().take() {
            self.remove(session.id, watching.users.iter());
        }
    }

    /// Notes that users left a chat: whom they may watch, and who may watch them, is looked at again.
    pub(super) fn parted(&self, users: &[UserId]) {
        if users.is_empty() || self.watched.lock().is_empty() {
            return;
        }
        let mut due = self.due.lock();
        if due.parted.len() + users.len() > WAITING {
            due.all = true;
        } else {
            due.parted.extend(users.iter().cloned());
        }
    }

    /// Notes that something may have been missed: all watches are looked at again.
    pub(super) fn doubt_all(&self) {
        self.due.lock().all = true;
    }

    /// Notes that a session of a user ended here.
    pub(super) fn ended(&self, user: &UserId, now: Duration) {
        if self.watched.lock().contains_key(user) {
            let mut due = self.due.lock();
            due.ended.push_back((now + AFTER_END, user.clone()));
            due.ended.truncate(WAITING);
        }
    }

    fn users(&self) -> Vec<UserId> {
        self.watched.lock().keys().cloned().collect()
    }

    fn ended_before(&self, now: Duration) -> Vec<UserId> {
        let mut due = self.due.lock();
        let mut users = Vec::new();
        while due.ended.front().is_some_and(|(at, _)| *at <= now) {
            users.extend(due.ended.pop_front().map(|(_, user)| user));
        }
        users
    }

    /// Returns the sessions whose watches may not stand any more, each with the users in question.
    fn doubtful(&self) -> Vec<(Arc<Session>, Vec<UserId>)> {
        let (parted, all) = {
            let mut due = self.due.lock();
            (
                std::mem::take(&mut due.parted),
                std::mem::take(&mut due.all),
            )
        };
        if parted.is_empty() && !all {
            return Vec::new();
        }
        let mut doubtful: HashMap<SessionId, (Arc<Session>, Vec<UserId>)> = HashMap::new();
        for (user, watched) in &*self.watched.lock() {
            for (id, session) in &watched.by {
                if all || parted.contains(user) || parted.contains(&session.user) {
                    let (_, users) = doubtful
                        .entry(*id)
                        .or_insert_with(|| (Arc::clone(session), Vec::new()));
                    users.push(user.clone());
                }
            }
        }
        doubtful.into_values().collect()
    }

    /// Returns whom to tell, where a presence differs from what was told last.
    fn changed(&self, presence: &Presence) -> Vec<Arc<Session>> {
        let mut watched = self.watched.lock();
        match watched.get_mut(&presence.user_id) {
            Some(entry) if entry.told != Some(presence.status) => {
                entry.told = Some(presence.status);
                entry.by.values().cloned().collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Gateway {
    /// Changes whom a session watches, and makes the answer.
    pub(super) async fn watch_request(
        self: Arc<Self>,
        session: Arc<Session>,
        id: Option<RequestId>,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    ) -> Option<ServerFrame> {
        let only_removes = add.is_empty();
        Some(match self.watch(&session, add, &remove).await {
            Ok(_) if only_removes => ServerFrame::Ok { id },
            Ok(users) => ServerFrame::Presence {
                id,
                users,
                user: None,
            },
            Err(problem) => refusal(id, problem),
        })
    }

    /// Only users who share a chat with the session's may be watched. Returns the presence of those added.
    async fn watch(
        &self,
        session: &Arc<Session>,
        add: Vec<UserId>,
        remove: &[UserId],
    ) -> Result<Vec<Presence>, Problem> {
        self.unwatch(session, remove);
        let held = session
            .watching()
            .as_ref()
            .map_or(0, |watching| watching.users.len());
        let most = self.settings.limits.watched_users as usize;
        if held + add.len() > most {
            let detail = format!("at most {most} users may be watched, {held} are already");
            return Err(Problem::field("/add", detail));
        }
        if add.is_empty() {
            return Ok(Vec::new());
        }
        let caller = session.caller();
        let presences = self.ports.reads.presence(&caller, &add).await?;
        session
            .watching()
            .get_or_insert_default()
            .users
            .extend(presences.iter().map(|presence| presence.user_id.clone()));
        self.watcher.add(session, &presences);
        // A session that ended meanwhile has forgotten its watches already.
        if session.connection().closed().is_some() {
            self.watcher.forget(session);
        }
        Ok(presences)
    }

    fn unwatch(&self, session: &Session, users: &[UserId]) {
        if users.is_empty() {
            return;
        }
        let mut watching = session.watching();
        if let Some(held) = watching.as_mut() {
            held.users.retain(|user| !users.contains(user));
            if held.users.is_empty() {
                *watching = None;
            }
        }
        self.watcher.remove(session.id, users);
    }

    /// Reads the leases of the users watched here and announces differences.
    pub(super) async fn watch_presence(&self) {
        let mut all_at = Duration::ZERO;
        loop {
            tokio::time::sleep(EVERY).await;
            self.look_at_doubtful_watches().await;
            let now = self.ports.clock.elapsed();
            let mut users = self.watcher.ended_before(now);
            if now >= all_at {
                all_at = now + ALL_EVERY;
                users = self.watcher.users();
            }
            for users in users.chunks(BATCH) {
                match self.ports.presence.online(users).await {
                    Ok(presences) => presences
                        .into_iter()
                        .for_each(|presence| self.announce(presence)),
                    Err(error) => tracing::warn!(%error, "can't read presence"),
                }
            }
        }
    }

    async fn look_at_doubtful_watches(&self) {
        for (session, users) in self.watcher.doubtful() {
            match self.ports.reads.presence(&session.caller(), &users).await {
                Ok(allowed) => {
                    let allowed: HashSet<UserId> = allowed
                        .into_iter()
                        .map(|presence| presence.user_id)
                        .collect();
                    let ended: Vec<UserId> = users
                        .into_iter()
                        .filter(|user| !allowed.contains(user))
                        .collect();
                    self.unwatch(&session, &ended);
                }
                // It can't be seen whether they may still watch: they may not.
                Err(_) => self.unwatch(&session, &users),
            }
        }
    }

    /// Tells those who watch a user that a session of theirs began here.
    pub(super) fn announce_online(&self, user: &UserId) {
        self.announce(Presence {
            user_id: user.clone(),
            status: PresenceStatus::Online,
            last_seen: None,
        });
    }

    fn announce(&self, presence: Presence) {
        let watchers = self.watcher.changed(&presence);
        if watchers.is_empty() {
            return;
        }
        let frame = encode::frame(&ServerFrame::Presence {
            id: None,
            users: Vec::new(),
            user: Some(presence),
        });
        for session in watchers {
            let sent = session.send_encoded(std::slice::from_ref(&frame), Class::Ephemeral);
            self.registry.count(sent, 1);
        }
    }
}
