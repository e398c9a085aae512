//! The shapes that HTTP answers and frames share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ChatId, ClientId, Epoch, EventId, MessageId, Metadata, Seq, SessionId, Timestamp, UserId,
};

/// What has become of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MessageStatus {
    /// As it was sent.
    Sent,
    /// Its content was changed.
    Edited,
    /// A tombstone: the place is kept, the content is gone.
    Deleted,
}

/// How many reacted to a message with one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The reaction, most often an emoji.
    pub key: String,
    /// Users who reacted so.
    pub count: u32,
    /// Whether the caller is one of them; in answers only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mine: Option<bool>,
}

/// A message as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// Its chat.
    pub chat_id: ChatId,
    /// Its place.
    pub seq: Seq,
    /// Who sent it.
    pub sender_id: UserId,
    /// The sender's own id of the send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The text; empty once deleted.
    pub content: String,
    /// When the server took it.
    pub timestamp: Timestamp,
    /// When the client says it was written; orders nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_timestamp: Option<Timestamp>,
    /// What has become of it.
    pub status: MessageStatus,
    /// When it was last edited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<UserId>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Whom it mentions.
    #[serde(default)]
    pub mentions: Vec<UserId>,
    /// What the app attached.
    #[serde(default)]
    pub metadata: Metadata,
    /// The reactions to it, in the order in which their keys first came.
    #[serde(default)]
    pub reactions: Vec<Reaction>,
    /// The place of the last change in it: its own, or that of an edit, deletion or reaction.
    pub change_seq: Seq,
}

/// An earlier content of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Version {
    /// The text as it was.
    pub content: String,
    /// Since when it was so.
    pub timestamp: Timestamp,
}

/// Two kinds of chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChatType {
    /// Between two users, one for each pair, for ever.
    Direct,
    /// Named, with roles.
    Group,
}

/// What a member may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Reads and writes.
    Member,
    /// Also changes the chat, its members and others' messages.
    Admin,
    /// Also deletes the chat and names admins and owners.
    Owner,
}

/// From where a new member of a group may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HistoryVisible {
    /// From the first place.
    #[default]
    All,
    /// From the place where they joined.
    Joined,
}

/// Which messages of a chat are pushed to a user's devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PushPreference {
    /// Every message.
    #[default]
    All,
    /// Those that mention the user.
    Mentions,
    /// None.
    None,
}

/// A chat's end: its last place and last message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatHead {
    /// The last place.
    pub seq: Seq,
    /// The last message that the caller may see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Message>,
}

/// The caller's marks in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// The last message that arrived at one of the caller's devices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered: Option<MessageId>,
    /// The last message that the caller has read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read: Option<MessageId>,
}

/// A chat as one member sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// The chat's id.
    pub id: ChatId,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ChatType,
    /// A group's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The caller's role.
    pub role: Role,
    /// The epoch of its places.
    pub epoch: Epoch,
    /// Its end.
    pub head: ChatHead,
    /// Messages of others, not deleted, visible, after the caller's read mark.
    pub unread: u64,
    /// Present and true where `unread` is a bound, not exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread_capped: Option<bool>,
    /// How many of the unread messages mention the caller.
    pub mentions: u64,
    /// The caller's marks.
    pub marks: Marks,
    /// The members, of a direct chat and where one chat is asked for, at most 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<Member>>,
    /// How many members there are.
    pub member_count: u32,
    /// From where new members read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_visible: Option<HistoryVisible>,
    /// Until when the caller wants no push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Which messages are pushed to the caller.
    #[serde(default)]
    pub push: PushPreference,
}

/// A member of a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The role in this chat.
    pub role: Role,
    /// When they joined, the last time.
    pub joined_at: Timestamp,
}

/// A user as others see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Present and true where the account is disabled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
}

/// One member's marks in a chat, as the other members see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The chat.
    pub chat_id: ChatId,
    /// Whose marks.
    pub user_id: UserId,
    /// The last message delivered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivered_message_id: Option<MessageId>,
    /// The last message read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_read_message_id: Option<MessageId>,
}

/// How many members of a large group a message reached and how many read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptCount {
    /// The chat.
    pub chat_id: ChatId,
    /// The message counted at: the author's last, or the chat's.
    pub message_id: MessageId,
    /// Members whose delivered mark is at or past it.
    pub delivered: u32,
    /// Members whose read mark is at or past it.
    pub read: u32,
}

/// What a membership event changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum MembershipChange {
    /// Users became members.
    Added,
    /// Users were removed.
    Removed,
    /// A user left.
    Left,
    /// A member's role changed.
    Role,
}

/// What happened at a place that holds no message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The event's id.
    pub id: EventId,
    /// Who did it.
    pub user_id: UserId,
    /// When the server took it.
    pub timestamp: Timestamp,
    /// What it was; empty in an `ack` of an edit or a deletion, whose message tells.
    #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
    pub change: Option<EventChange>,
}

/// The part of an event that depends on its kind.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum EventChange {
    /// A reaction was put on a message or taken off.
    #[serde(rename_all = "camelCase")]
    Reaction {
        /// The message.
        message_id: MessageId,
        /// The reaction.
        key: String,
        /// Put on, or taken off.
        on: bool,
        /// How many have it now: the result, not a step.
        count: u32,
    },
    /// Members came, went, or changed roles.
    #[serde(rename_all = "camelCase")]
    Membership {
        /// What changed.
        change: MembershipChange,
        /// Whose membership.
        user_ids: Vec<UserId>,
        /// The new role: of those added, or of whom `role` is about; with `left`, of `heir`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<Role>,
        /// Who became owner because the last one left.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heir: Option<UserId>,
    },
    /// The chat itself changed.
    #[serde(rename_all = "camelCase")]
    Chat {
        /// The new name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        name: Option<String>,
        /// The new rule for members who come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        history_visible: Option<HistoryVisible>,
        /// Present and true where the chat is gone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deleted: Option<bool>,
    },
}

/// Whether a user has a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PresenceStatus {
    /// At least one session lives.
    Online,
    /// None does.
    Offline,
}

/// A user's presence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Presence {
    /// The user.
    pub user_id: UserId,
    /// Online or offline.
    pub status: PresenceStatus,
    /// When the last session ended, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_seen: Option<Timestamp>,
}

/// One connection of one device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The session's id.
    pub id: SessionId,
    /// The device, where the client named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<crate::DeviceId>,
    /// When it connected.
    pub connected_at: Timestamp,
    /// Whether it is the caller's own.
    #[serde(default)]
    pub current: bool,
}
