//! A line as JSON: every field that any line may have, in the order in which they are written.

use chinwag_proto::{Metadata, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::line::{
    Edited, EventBody, EventLine, Line, MembershipLine, MessageLine, Reactions, UserLine,
};
use crate::model::Deletion;

#[derive(PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Deleted {
    at: Timestamp,
    by: UserId,
}

/// Every field that a line may have.
#[derive(PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Fields {
    #[serde(skip_serializing_if = "Option::is_none")]
    chat: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    disabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mentions: Vec<UserId>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_timestamp: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    edited: Option<Edited>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<Deleted>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reactions: Vec<Reactions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<MembershipLine>,
}

impl Fields {
    /// Returns the line, or which field is wrong.
    pub(super) fn into_line(mut self) -> Result<Line, &'static str> {
        let user = self.user.take().ok_or("/user: is missing")?;
        let (name, disabled) = (self.name.take(), std::mem::take(&mut self.disabled));
        if name.is_none() && !disabled {
            return self.into_event(user).map(Line::Event);
        }
        if self != Self::default() {
            return Err("/name: a line about a user holds nothing else");
        }
        Ok(Line::User(UserLine {
            user,
            name,
            disabled,
        }))
    }

    fn into_event(mut self, user: UserId) -> Result<EventLine, &'static str> {
        let chat = self.chat.take().ok_or("/chat: is missing")?;
        let at = self.at.take().ok_or("/at: is missing")?;
        let body = match self.membership.take() {
            Some(_) if self != Self::default() => {
                return Err("/membership: a line about members holds nothing else");
            }
            Some(membership) => EventBody::Membership(membership),
            None => EventBody::Message(Box::new(self.into_message()?)),
        };
        Ok(EventLine {
            chat,
            at,
            user,
            body,
        })
    }

    fn into_message(self) -> Result<MessageLine, &'static str> {
        let text = match (self.text, &self.deleted) {
            (Some(text), _) => text,
            (None, Some(_)) => String::new(),
            (None, None) => return Err("/text: is missing"),
        };
        let mut keys: Vec<&str> = self.reactions.iter().map(|line| &*line.key).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err("/reactions: a key comes twice");
        }
        Ok(MessageLine {
            text,
            id: self.id,
            reply_to: self.reply_to,
            mentions: self.mentions,
            metadata: self.metadata,
            client_timestamp: self.client_timestamp,
            edited: self.edited,
            deleted: self.deleted.map(|Deleted { at, by }| Deletion { at, by }),
            reactions: self.reactions,
        })
    }

    pub(super) fn of(line: Line) -> Self {
        let event = match line {
            Line::User(line) => {
                return Self {
                    user: Some(line.user),
                    name: line.name,
                    disabled: line.disabled,
                    ..Self::default()
                };
            }
            Line::Event(event) => event,
        };
        let fields = Self {
            chat: Some(event.chat),
            at: Some(event.at),
            user: Some(event.user),
            ..Self::default()
        };
        match event.body {
            EventBody::Membership(membership) => Self {
                membership: Some(membership),
                ..fields
            },
            EventBody::Message(message) => fields.with(*message),
        }
    }

    fn with(self, message: MessageLine) -> Self {
        Self {
            text: message.deleted.is_none().then_some(message.text),
            id: message.id,
            reply_to: message.reply_to,
            mentions: message.mentions,
            metadata: message.metadata,
            client_timestamp: message.client_timestamp,
            edited: message.edited,
            deleted: message
                .deleted
                .map(|Deletion { at, by }| Deleted { at, by }),
            reactions: message.reactions,
            ..self
        }
    }
}
