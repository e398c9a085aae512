//! Chats into lines: what stands in them, and what chats are called.

use std::{collections::HashSet, sync::Arc};

use chinwag_proto::{
    UserId,
    shapes::{ChatType, Version},
};

use super::{
    fingerprint::Fingerprint,
    line::{
        Edited, EventBody, EventLine, Line, MembershipLine, MessageLine, Reactions, TextVersion,
    },
};
use crate::model::{ChatRow, LogRow, RowBody, StoredMessage};

/// A name's bytes: the protocol's limit, so that what was taken out can be brought in.
const NAME_BYTES: usize = 256;

/// What a message has besides its row.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// What later lines call it; where one answers it.
    pub id: Option<String>,
    /// The `id` of the line that it answers.
    pub reply_to: Option<String>,
    /// Its earlier contents, oldest first.
    pub versions: Vec<Version>,
    /// Who reacted with what.
    pub reactors: Vec<(String, UserId)>,
}

/// Writes an event as a line; nothing where it needs none: a change of a message is told with the message.
#[must_use]
pub fn exported(chat: &str, row: LogRow, extras: Extras) -> Option<Line> {
    let body = match row.body {
        RowBody::Message(stored) => {
            EventBody::Message(Box::new(message(Arc::unwrap_or_clone(stored), extras)))
        }
        RowBody::Membership {
            change,
            users,
            role,
            heir,
        } => EventBody::Membership(MembershipLine {
            change,
            users,
            role,
            heir,
        }),
        RowBody::Edit(_)
        | RowBody::Deletion(_)
        | RowBody::Reaction { .. }
        | RowBody::Chat { .. }
        | RowBody::Term
        | RowBody::Path { .. } => return None,
    };
    Some(Line::Event(EventLine {
        chat: chat.to_owned(),
        at: row.timestamp,
        user: row.user,
        body,
    }))
}

fn message(stored: StoredMessage, extras: Extras) -> MessageLine {
    let version = |version: Version| TextVersion {
        text: version.content,
        at: version.timestamp,
    };
    let edited = stored.edited_at.map(|at| Edited {
        at,
        versions: extras.versions.into_iter().map(version).collect(),
    });
    let reactors = &extras.reactors;
    let reactions = stored.reactions.into_iter().map(|(key, _)| {
        let of_key = reactors.iter().filter(|(reacted, _)| *reacted == key);
        let mut users: Vec<UserId> = of_key.map(|(_, user)| user.clone()).collect();
        users.sort_unstable();
        Reactions { key, users }
    });
    MessageLine {
        text: stored.content,
        id: extras.id,
        reply_to: extras.reply_to,
        mentions: stored.mentions,
        metadata: stored.metadata,
        client_timestamp: stored.client_timestamp,
        edited,
        deleted: stored.deleted,
        reactions: reactions.collect(),
    }
}

/// What chats are called in one export: their names, told apart where several share one.
#[derive(Debug, Default)]
pub struct ChatKeys(HashSet<Fingerprint>);

impl ChatKeys {
    /// Returns what a chat is called; a direct chat by its two members.
    pub fn of(&mut self, chat: &ChatRow, members: &[UserId]) -> String {
        let name = match (&chat.name, chat.kind) {
            (Some(name), _) => name.clone(),
            (None, ChatType::Group) => chat.id.to_string(),
            (None, ChatType::Direct) => {
                let mut names: Vec<&str> = members.iter().map(UserId::as_str).collect();
                names.sort_unstable();
                names.join(", ")
            }
        };
        let mut key = with_end(&name, "");
        for count in 2.. {
            if self.0.insert(Fingerprint::of(&[key.as_bytes()])) {
                break;
            }
            key = with_end(&name, &format!(" ({count})"));
        }
        key
    }
}

/// Puts an end to a name, cutting the name where both are too long.
fn with_end(name: &str, end: &str) -> String {
    let kept = name.floor_char_boundary(NAME_BYTES - end.len());
    format!("{}{end}", &name[..kept.min(name.len())])
}
