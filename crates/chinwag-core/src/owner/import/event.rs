//! What an import brings, and what becomes of it.

use chinwag_proto::{
    ChatId, ClientId, EventId, MessageId, Metadata, Seq, Timestamp, UserId,
    shapes::{MembershipChange, Role, Version},
};

use serde::{Deserialize, Serialize};

use crate::model::Deletion;

/// A group to be filled by an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedChat {
    /// Its id: [`super::Owner::chat_for_import`] gives one.
    pub id: ChatId,
    /// Its name.
    pub name: String,
    /// Who owns it, whatever the import says of their membership.
    pub owner: UserId,
}

/// A line of an import.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedEvent {
    /// Who did it; becomes a member from place 1 where they never were one.
    pub user: UserId,
    /// The line's own time, kept as the event's `timestamp`; from 2000 to now.
    pub at: Timestamp,
    /// The line's identity: one that was brought in before is left out. No two lines of a call share one.
    pub identity: ClientId,
    /// What happened.
    pub body: ImportedBody,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ImportedBody {
    /// A message.
    Message(Box<ImportedMessage>),
    /// Members came, went or changed roles.
    Membership(ImportedMembership),
}

/// Members that came, went or changed roles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImportedMembership {
    /// What changed.
    pub change: MembershipChange,
    /// Whose membership.
    pub users: Vec<UserId>,
    /// The new role.
    pub role: Option<Role>,
    /// Who became owner because the last one left.
    pub heir: Option<UserId>,
}

/// A message as it was when it was exported.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ImportedMessage {
    /// The text; empty where it was deleted.
    pub content: String,
    /// When the client said it was written.
    pub client_timestamp: Option<Timestamp>,
    /// The message that it answers.
    pub reply_to: Option<RepliedTo>,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
    /// What the app attached.
    pub metadata: Metadata,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// Its earlier contents, oldest first.
    pub versions: Vec<Version>,
    /// When and by whom it was deleted.
    pub deleted: Option<Deletion>,
    /// Who reacted with what, keys in the order in which they first came.
    pub reactions: Vec<(String, Vec<UserId>)>,
}

/// The message that another one answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RepliedTo {
    /// A message of this chat.
    Message(MessageId),
    /// A line before it in the same call, by its number from 0.
    Line(usize),
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Its place.
    pub seq: Seq,
    /// Its id.
    pub id: EventId,
    /// Whether it was there before.
    pub repeated: bool,
}
