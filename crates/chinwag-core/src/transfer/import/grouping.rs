//! Lines by the chat that they are for, each with its identity and with the message that it answers.

use std::collections::HashMap;

use chinwag_proto::{ChatId, Problem, shapes::Version};

use super::{Importer, Refusal, Taken};
use crate::{
    owner::{
        ImportedBody, ImportedChat, ImportedEvent, ImportedMembership, ImportedMessage, RepliedTo,
    },
    transfer::{
        fingerprint::Fingerprint,
        line::{EventBody, EventLine, MessageLine, TextVersion},
    },
};

/// Lines of one chat.
pub(super) struct Group {
    pub(super) chat: ImportedChat,
    pub(super) numbers: Vec<u64>,
    pub(super) events: Vec<ImportedEvent>,
    /// By place in `events`.
    pub(super) labels: HashMap<Fingerprint, usize>,
}

impl Importer {
    /// Sorts events by chat; chats are made in the order in which they come.
    pub(super) async fn by_chat(
        &mut self,
        events: Vec<(u64, EventLine)>,
        taken: &mut Taken,
    ) -> Result<Vec<Group>, Problem> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<ChatId, usize> = HashMap::new();
        for (number, line) in events {
            let identity = self.identity(&line);
            let chat = self.chats.of(&self.ports.owner, &line.chat).await?;
            let place = *places.entry(chat.id).or_insert_with(|| {
                groups.push(Group {
                    chat,
                    numbers: Vec::new(),
                    events: Vec::new(),
                    labels: HashMap::new(),
                });
                groups.len() - 1
            });
            let group = &mut groups[place];
            match self.body(&line.chat, line.body, group) {
                Err(reason) => taken.refused.push(Refusal { number, reason }),
                Ok(body) => {
                    group.numbers.push(number);
                    group.events.push(ImportedEvent {
                        user: line.user,
                        at: line.at,
                        identity: identity.client_id(),
                        body,
                    });
                }
            }
        }
        Ok(groups)
    }

    /// Returns what a line of a chat of the file says; an error where it answers a line that isn't known.
    fn body(
        &mut self,
        chat: &str,
        body: EventBody,
        group: &mut Group,
    ) -> Result<ImportedBody, String> {
        let message = match body {
            EventBody::Message(message) => message,
            EventBody::Membership(line) => {
                return Ok(ImportedBody::Membership(ImportedMembership {
                    change: line.change,
                    users: line.users,
                    role: line.role,
                    heir: line.heir,
                }));
            }
        };
        let answered = self.answered(chat, message.reply_to.as_deref(), group)?;
        if let Some(id) = &message.id {
            let line = group.events.len();
            group.labels.insert(label(chat, id), line);
        }
        let message = imported(*message, answered);
        Ok(ImportedBody::Message(Box::new(message)))
    }

    /// Returns a line's identity: chat, user, time, text, and how many equal ones came before.
    fn identity(&mut self, line: &EventLine) -> Fingerprint {
        let at = line.at.unix_millis().to_be_bytes();
        let membership;
        let (kind, said) = match &line.body {
            EventBody::Message(message) => ("message", message.text.as_bytes()),
            EventBody::Membership(line) => {
                membership = serde_json::to_vec(line).expect("writing to memory can't fail");
                ("membership", membership.as_slice())
            }
        };
        let user = line.user.as_str().as_bytes();
        let first = Fingerprint::of(&[kind.as_bytes(), line.chat.as_bytes(), user, &at, said]);
        match self.equal.get(first) {
            Some(before) => {
                *before += 1;
                first.again(*before)
            }
            None => {
                self.equal.put(first, 0);
                first
            }
        }
    }

    fn answered(
        &mut self,
        chat: &str,
        reply_to: Option<&str>,
        group: &Group,
    ) -> Result<Option<RepliedTo>, String> {
        let Some(id) = reply_to else { return Ok(None) };
        let label = label(chat, id);
        if let Some(line) = group.labels.get(&label) {
            return Ok(Some(RepliedTo::Line(*line)));
        }
        match self.labels.get(label) {
            Some(message) => Ok(Some(RepliedTo::Message(*message))),
            None => Err(format!(
                "/replyTo: no line before it in this chat has the id {id:?}"
            )),
        }
    }
}

fn label(chat: &str, id: &str) -> Fingerprint {
    Fingerprint::of(&[b"label", chat.as_bytes(), id.as_bytes()])
}

fn imported(message: MessageLine, reply_to: Option<RepliedTo>) -> ImportedMessage {
    let (edited_at, versions) = match message.edited {
        Some(edited) => (Some(edited.at), edited.versions),
        None => (None, Vec::new()),
    };
    let version = |version: TextVersion| Version {
        content: version.text,
        timestamp: version.at,
    };
    let reactions = message.reactions.into_iter().map(|reaction| {
        let mut users = reaction.users;
        users.sort_unstable();
        users.dedup();
        (reaction.key, users)
    });
    ImportedMessage {
        content: message.text,
        client_timestamp: message.client_timestamp,
        reply_to,
        mentions: message.mentions,
        metadata: message.metadata,
        edited_at,
        versions: versions.into_iter().map(version).collect(),
        deleted: message.deleted,
        reactions: reactions.filter(|(_, users)| !users.is_empty()).collect(),
    }
}
