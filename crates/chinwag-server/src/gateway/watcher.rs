//! Presence of the users whom somebody here watches: told at once and on every difference.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chinwag_proto::{
    Problem, UserId,
    frames::{RequestId, ServerFrame},
    shapes::{Presence, PresenceStatus},
};
use futures_util::{StreamExt as _, stream};

use super::{Gateway, dispatch::refusal, encode, session::Session};
use crate::ws::Class;

/// How often it is looked for what is due.
const EVERY: Duration = Duration::from_millis(500);
/// How often the leases of all users watched here are read.
const ALL_EVERY: Duration = Duration::from_secs(5);
/// Users asked for in one call.
const BATCH: usize = 1_000;
/// Sessions whose watches are looked at again at a time.
const LOOKS_AT_ONCE: usize = 16;

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
        self.watches.add(session, &presences);
        // A session that ended meanwhile has forgotten its watches already.
        if session.connection().closed().is_some() {
            self.watches.forget(session);
        }
        Ok(presences)
    }

    fn unwatch(&self, session: &Session, users: &[UserId]) {
        if users.is_empty() {
            return;
        }
        let mut watching = session.watching();
        if let Some(held) = watching.as_mut() {
            for user in users {
                held.users.remove(user);
            }
            if held.users.is_empty() {
                *watching = None;
            }
        }
        self.watches.remove(session.id, users);
    }

    /// Reads the leases of the users watched here and announces differences.
    pub(super) async fn watch_presence(&self) {
        let mut all_at = Duration::ZERO;
        loop {
            tokio::time::sleep(EVERY).await;
            self.look_at_doubtful_watches().await;
            let now = self.ports.clock.elapsed();
            let mut users = self.watches.ended_before(now);
            if now >= all_at {
                all_at = now + ALL_EVERY;
                users = self.watches.users();
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

    /// Looks whether watches still stand, and whether those that rest stand again; each session is told what that changes.
    async fn look_at_doubtful_watches(&self) {
        let is_away = AtomicBool::new(false);
        let looks = stream::iter(self.watches.doubtful());
        looks
            .for_each_concurrent(LOOKS_AT_ONCE, |(session, users)| {
                self.look_at_watches(session, users, &is_away)
            })
            .await;
        self.watches.looked();
    }

    /// Looks at one session's watches, unless the Directory was found to be away.
    async fn look_at_watches(
        &self,
        session: Arc<Session>,
        users: Vec<UserId>,
        is_away: &AtomicBool,
    ) {
        let seen = if is_away.load(Ordering::Relaxed) {
            None
        } else {
            let seen = self.ports.reads.presence(&session.caller(), &users).await;
            seen.ok()
        };
        let Some(seen) = seen else {
            is_away.store(true, Ordering::Relaxed);
            // It can't be seen whether they may watch, so until then they don't.
            for user in &users {
                self.watches.rest(&session, user);
            }
            return self.watches.doubt(&users);
        };
        let mut seen: HashMap<UserId, Presence> = seen
            .into_iter()
            .map(|presence| (presence.user_id.clone(), presence))
            .collect();
        for user in users {
            match seen.remove(&user) {
                Some(presence) if self.watches.resume(&session, &presence) => {
                    self.tell(std::slice::from_ref(&session), presence);
                }
                None if self.watches.rest(&session, &user) => {
                    self.tell(std::slice::from_ref(&session), offline(user));
                }
                _ => {}
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
        let watchers = self.watches.changed(&presence);
        self.tell(&watchers, presence);
    }

    fn tell(&self, watchers: &[Arc<Session>], presence: Presence) {
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

/// What is told of somebody whom one may not watch any more.
fn offline(user_id: UserId) -> Presence {
    Presence {
        user_id,
        status: PresenceStatus::Offline,
        last_seen: None,
    }
}
