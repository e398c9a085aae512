//! Writes a chat's events as its owner would: places, ids, counts and what follows fit together.

use std::sync::Arc;

use chinwag_core::{
    model::{
        ChatRow, Deletion, Intervals, LogRow, MemberRow, RowBody, StoredMessage, Term, row::Target,
    },
    ports::{Append, Follow, GroupSet, QueueGroup, Stamp},
};
use chinwag_proto::{
    ChatId, ClientId, Epoch, EventId, Seq, Timestamp, UserId,
    shapes::{ChatType, HistoryVisible, MembershipChange, Role, Version},
};

/// Makes a user id.
#[must_use]
pub fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// Makes a chat id.
#[must_use]
pub fn chat(id: u64) -> ChatId {
    ChatId(id)
}

/// Makes a time so many milliseconds after an arbitrary one.
#[must_use]
pub fn time(millis: i64) -> Timestamp {
    Timestamp::from_unix_millis(1_790_000_000_000 + millis)
}

/// A chat's log in the making.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The chat.
    pub chat: ChatId,
    /// Who writes.
    pub term: Term,
    /// Which groups get its events.
    pub groups: GroupSet,
    last: Seq,
    count: u64,
    last_message: Seq,
}

impl Conversation {
    /// Begins a chat under term 1, with nothing for the queue.
    #[must_use]
    pub fn of(chat: ChatId) -> Self {
        Self {
            chat,
            term: Term(1),
            groups: GroupSet::NONE,
            last: Seq::ZERO,
            count: 0,
            last_message: Seq::ZERO,
        }
    }

    /// Begins a chat whose events go to these groups.
    #[must_use]
    pub fn queued(chat: ChatId, groups: &[QueueGroup]) -> Self {
        Self {
            groups: GroupSet::of(groups),
            ..Self::of(chat)
        }
    }

    /// Returns a copy that goes on under another term.
    #[must_use]
    pub fn under(&self, term: u32) -> Self {
        Self {
            term: Term(term),
            ..self.clone()
        }
    }

    /// Returns the last place.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.last
    }

    /// Writes an event that nothing follows from.
    pub fn event(&mut self, by: &str, body: RowBody) -> Append {
        let is_message = matches!(body, RowBody::Message(_));
        self.last = self.last.next();
        self.count += u64::from(is_message);
        let row = LogRow {
            term: self.term,
            confirmed: Seq(self.last.0 - 1),
            seq: self.last,
            id: EventId(self.chat.0 * 1_000_000_000 + self.last.0 * 100 + u64::from(self.term.0)),
            user: user(by),
            timestamp: time(i64::try_from(self.last.0).unwrap()),
            count: self.count,
            previous_message: self.last_message,
            client_id: None,
            digest: None,
            body,
        };
        if is_message {
            self.last_message = self.last;
        }
        Append {
            chat: self.chat,
            row,
            follows: Vec::new(),
            groups: self.groups,
        }
    }

    /// Writes a message.
    pub fn message(&mut self, by: &str, content: &str) -> Append {
        let message = StoredMessage {
            content: content.into(),
            change_seq: self.last.next(),
            ..StoredMessage::default()
        };
        self.event(by, RowBody::Message(Arc::new(message)))
    }

    /// Writes a message that its sender has an id for.
    pub fn request(&mut self, by: &str, content: &str, client_id: &str) -> Append {
        let mut append = self.message(by, content);
        append.row.client_id = Some(ClientId::new(client_id).unwrap());
        append.row.digest = Some(7);
        append
    }

    /// Edits a message; the amended row is in `follows`.
    pub fn edit(&mut self, message: &LogRow, content: &str) -> Append {
        let before = message.message().unwrap();
        let version = Version {
            content: before.content.clone(),
            timestamp: before.edited_at.unwrap_or(message.timestamp),
        };
        let keep = Follow::KeepVersion {
            message: message.seq,
            version,
            nth: 0,
        };
        let mut append = self.event("ana", RowBody::Edit(target(message)));
        let at = append.row.timestamp;
        let amend = self.amend(message, |message| {
            message.content = content.into();
            message.edited_at = Some(at);
        });
        append.follows = vec![keep, amend];
        append
    }

    /// Deletes a message.
    pub fn delete(&mut self, message: &LogRow) -> Append {
        let mut append = self.event("ana", RowBody::Deletion(target(message)));
        let at = append.row.timestamp;
        let amend = self.amend(message, |message| {
            message.content.clear();
            message.reactions.clear();
            message.deleted = Some(Deletion {
                at,
                by: user("ana"),
            });
        });
        let forget = Follow::Forget {
            message: message.seq,
        };
        append.follows = vec![forget, amend];
        append
    }

    /// Puts a reaction on a message, or takes it off.
    pub fn react(&mut self, message: &LogRow, by: &str, key: &str, on: bool) -> Append {
        let count = u32::from(on);
        let body = RowBody::Reaction {
            target: target(message),
            key: key.into(),
            on,
            count,
        };
        let mut append = self.event(by, body);
        let reaction = Follow::Reaction {
            message: message.seq,
            user: user(by),
            key: key.into(),
            on,
        };
        let amend = self.amend(message, |message| {
            message.reactions = vec![(key.into(), count)];
            message.reactions.retain(|(_, count)| *count > 0);
        });
        append.follows = vec![reaction, amend];
        append
    }

    /// Makes the chat, with its row.
    pub fn make(&mut self, name: &str) -> Append {
        let body = RowBody::Chat {
            name: Some(name.into()),
            history_visible: None,
            deleted: false,
        };
        let mut append = self.event("ana", body);
        append.follows = vec![Follow::Chat(self.chat_row(name))];
        append
    }

    /// Deletes the chat, with its row.
    pub fn end(&mut self, by: &str) -> Append {
        let body = RowBody::Chat {
            name: None,
            history_visible: None,
            deleted: true,
        };
        let mut append = self.event(by, body);
        append.follows = vec![Follow::Chat(ChatRow {
            deleted: true,
            ..self.chat_row("gone")
        })];
        append
    }

    /// Lets users become members, with their rows.
    pub fn join(&mut self, users: &[&str]) -> Append {
        self.membership(MembershipChange::Added, users, true)
    }

    /// Lets users leave, with their rows.
    pub fn part(&mut self, users: &[&str]) -> Append {
        self.membership(MembershipChange::Removed, users, false)
    }

    /// Returns the chat's row as of the last place.
    #[must_use]
    pub fn chat_row(&self, name: &str) -> ChatRow {
        ChatRow {
            id: self.chat,
            kind: ChatType::Group,
            name: Some(name.into()),
            history_visible: HistoryVisible::All,
            epoch: Epoch::default(),
            created_at: time(0),
            created_by: user("ana"),
            deleted: false,
            large: false,
            changed_at: time(i64::try_from(self.last.0).unwrap()),
            imported: false,
            imported_through: Seq(0),
            members: 1,
        }
    }

    /// Returns a member's row as of the last place.
    #[must_use]
    pub fn member_row(&self, id: &str, active: bool) -> MemberRow {
        let mut intervals = Intervals::from(Seq(1));
        if !active {
            intervals.close(self.last);
        }
        MemberRow {
            chat: self.chat,
            user: user(id),
            role: Role::Member,
            active,
            joined_at: time(0),
            joined_seq: self.last,
            intervals,
            changed_at: time(i64::try_from(self.last.0).unwrap()),
        }
    }

    /// Returns the stamp of what the last event wrote.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            term: self.term,
            seq: self.last,
        }
    }

    fn membership(&mut self, change: MembershipChange, users: &[&str], active: bool) -> Append {
        let body = RowBody::Membership {
            change,
            users: users.iter().map(|id| user(id)).collect(),
            role: None,
            heir: None,
        };
        let mut append = self.event("ana", body);
        let rows = users.iter().map(|id| self.member_row(id, active));
        append.follows = rows.map(Follow::Member).collect();
        append
    }

    /// Rewrites a message's row because of the last event.
    fn amend(&self, message: &LogRow, change: impl FnOnce(&mut StoredMessage)) -> Follow {
        let mut row = message.clone();
        if let RowBody::Message(stored) = &mut row.body {
            let stored = Arc::make_mut(stored);
            change(stored);
            stored.change_seq = self.last;
        }
        Follow::Amend(row)
    }
}

/// Returns the row that an append amends.
#[must_use]
pub(crate) fn amended(append: &Append) -> LogRow {
    let mut amended = append.follows.iter().filter_map(|follow| match follow {
        Follow::Amend(row) => Some(row.clone()),
        _ => None,
    });
    amended.next().unwrap()
}

fn target(message: &LogRow) -> Target {
    Target {
        seq: message.seq,
        id: message.id,
    }
}
