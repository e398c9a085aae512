//! A channel while its days are read: who is in it, and which messages threads begin with.

use std::collections::{BTreeSet, HashSet};

use chinwag_core::transfer::{EventBody, EventLine, MembershipLine};
use chinwag_proto::{Timestamp, UserId, shapes::MembershipChange};

use super::people::People;

/// Users that one line adds: what one request may add.
const ADDED_AT_ONCE: usize = 1_000;

/// A channel.
pub(crate) struct Channel {
    /// What its chat is called.
    pub(crate) key: String,
    /// Where its days are.
    pub(crate) folder: String,
    /// Who is in it at the end; none where the export doesn't say.
    members: Vec<String>,
    /// Who is in it so far.
    present: BTreeSet<UserId>,
    /// Who left and did not come back.
    gone: BTreeSet<UserId>,
    threads: HashSet<String>,
    last_at: Option<Timestamp>,
    last_user: Option<UserId>,
}

impl Channel {
    pub(crate) fn new(key: String, folder: String, members: Vec<String>) -> Self {
        Self {
            key,
            folder,
            members,
            present: BTreeSet::new(),
            gone: BTreeSet::new(),
            threads: HashSet::new(),
            last_at: None,
            last_user: None,
        }
    }

    /// Makes a line.
    pub(crate) fn line(&mut self, at: Timestamp, user: UserId, body: EventBody) -> EventLine {
        self.last_at = self.last_at.max(Some(at));
        self.last_user = Some(user.clone());
        EventLine {
            chat: self.key.clone(),
            at,
            user,
            body,
        }
    }

    pub(crate) fn joined(&mut self, user: &UserId) {
        self.gone.remove(user);
        self.present.insert(user.clone());
    }

    pub(crate) fn left(&mut self, user: &UserId) {
        self.present.remove(user);
        self.gone.insert(user.clone());
    }

    /// Who says something is in, unless they left before: an import doesn't bring them back either.
    pub(crate) fn spoke(&mut self, user: &UserId) {
        if !self.gone.contains(user) {
            self.present.insert(user.clone());
        }
    }

    /// Returns what later lines call a message that begins a thread.
    pub(crate) fn label(&mut self, ts: &str, starts_thread: bool) -> Option<String> {
        if !starts_thread {
            return None;
        }
        self.threads.insert(ts.to_owned());
        Some(ts.to_owned())
    }

    /// Returns what the first message of a thread is called, if it is there.
    pub(crate) fn answered(&self, thread_ts: &str) -> Option<String> {
        self.threads.get(thread_ts).cloned()
    }

    /// Makes the lines that bring the members to what the export says they are at its end.
    pub(crate) fn end(&mut self, people: &People) -> Vec<EventLine> {
        let (Some(at), Some(by)) = (self.last_at, self.last_user.clone()) else {
            return Vec::new();
        };
        let members: BTreeSet<UserId> = self
            .members
            .iter()
            .filter_map(|id| people.called(id))
            .collect();
        if members.is_empty() {
            return Vec::new();
        }
        let missing: Vec<UserId> = members.difference(&self.present).cloned().collect();
        let gone = self.present.difference(&members);
        // Bots aren't listed, and don't leave.
        let gone: Vec<UserId> = gone.filter(|user| !people.is_bot(user)).cloned().collect();
        let mut lines = Vec::new();
        for users in missing.chunks(ADDED_AT_ONCE) {
            lines.push(self.line(at, by.clone(), changed(MembershipChange::Added, users)));
        }
        for user in gone {
            let left = changed(MembershipChange::Left, std::slice::from_ref(&user));
            lines.push(self.line(at, user, left));
        }
        lines
    }
}

fn changed(change: MembershipChange, users: &[UserId]) -> EventBody {
    EventBody::Membership(MembershipLine {
        change,
        users: users.to_vec(),
        role: None,
        heir: None,
    })
}
