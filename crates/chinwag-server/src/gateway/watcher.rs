//! Presence of the users whom somebody here watches: told at once and on every difference.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use chinwag_proto::{
    Problem, SessionId, UserId,
    frames::ServerFrame,
    shapes::{Presence, PresenceStatus},
};
use parking_lot::Mutex;

use super::{Gateway, encode, session::Session};
use crate::ws::Class;

/// How often the leases of the users watched here are read.
const EVERY: Duration = Duration::from_secs(1);
/// Users asked for in one call.
const BATCH: usize = 1_000;

/// Who watches whom on this node.
#[derive(Default)]
pub(super) struct Watcher {
    watched: Mutex<HashMap<UserId, Watched>>,
}

#[derive(Default)]
struct Watched {
    by: HashMap<SessionId, UserId>,
    told: Option<PresenceStatus>,
}

impl Watcher {
    fn add(&self, session: &Session, presences: &[Presence]) {
        let mut watched = self.watched.lock();
        for presence in presences {
            let entry = watched.entry(presence.user_id.clone()).or_default();
            entry.by.insert(session.id, session.user.clone());
            entry.told.get_or_insert(presence.status);
        }
    }

    /// Ends a session's watches, of some users or of all.
    pub(super) fn remove(&self, session: SessionId, users: &mut dyn Iterator<Item = &UserId>) {
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

    fn users(&self) -> Vec<UserId> {
        self.watched.lock().keys().cloned().collect()
    }

    /// Returns whom to tell, where a presence differs from what was told last.
    fn changed(&self, presence: &Presence) -> Vec<UserId> {
        let mut watched = self.watched.lock();
        match watched.get_mut(&presence.user_id) {
            Some(entry) if entry.told != Some(presence.status) => {
                entry.told = Some(presence.status);
                let watchers: HashSet<&UserId> = entry.by.values().collect();
                watchers.into_iter().cloned().collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Gateway {
    /// Changes whom a session watches; only users who share a chat with it. Returns the presence of those added.
    pub(super) async fn watch(
        &self,
        session: &Session,
        watching: &mut HashSet<UserId>,
        add: Vec<UserId>,
        remove: Vec<UserId>,
    ) -> Result<Vec<Presence>, Problem> {
        self.watcher.remove(session.id, &mut remove.iter());
        remove.iter().for_each(|user| drop(watching.take(user)));
        let most = self.settings.limits.watched_users as usize;
        if watching.len() + add.len() > most {
            return Err(Problem::field(
                "/add",
                format!("at most {most} users may be watched"),
            ));
        }
        let caller = chinwag_core::owner::Caller {
            user: session.user.clone(),
            session: Some(session.id),
            api_key: session.api_key,
        };
        let presences = self.ports.reads.presence(&caller, &add).await?;
        self.watcher.add(session, &presences);
        watching.extend(presences.iter().map(|presence| presence.user_id.clone()));
        Ok(presences)
    }

    /// Reads the leases of the users watched here and announces differences.
    pub(super) async fn watch_presence(&self) {
        loop {
            tokio::time::sleep(EVERY).await;
            for users in self.watcher.users().chunks(BATCH) {
                match self.ports.presence.online(users).await {
                    Ok(presences) => presences
                        .into_iter()
                        .for_each(|presence| self.announce(presence)),
                    Err(error) => tracing::warn!(%error, "can't read presence"),
                }
            }
        }
    }

    fn announce(&self, presence: Presence) {
        let watchers = self.watcher.changed(&presence);
        if watchers.is_empty() {
            return;
        }
        let user = presence.user_id.clone();
        let frame = encode::frame(&ServerFrame::Presence {
            id: None,
            users: Vec::new(),
            user: Some(presence),
        });
        tracing::trace!(%user, "presence changed");
        self.registry
            .send(&watchers, &frame, Class::Ephemeral, None);
    }
}
