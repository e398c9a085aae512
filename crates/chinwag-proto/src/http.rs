//! Bodies, queries and answers of the HTTP API under `/v1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ChatId, ClientId, DeviceId, Epoch, MessageId, Metadata, Seq, Timestamp, UserId,
    frames::{LogFrame, Place},
    shapes::{
        Chat, HistoryVisible, Member, Message, Presence, PushPreference, Receipt, ReceiptCount,
        Role, Session, User, Version,
    },
};

/// `POST /auth/register`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    /// The id wanted; prepared by RFC 8265.
    pub user_id: String,
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// At least 8 bytes, at most 1,024.
    pub password: String,
}

/// `POST /auth/login`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The user, in any spelling that RFC 8265 takes for the same.
    pub user_id: String,
    /// The password.
    pub password: String,
}

/// `POST /auth/password`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The password so far.
    pub password: String,
    /// The one from now on.
    pub new_password: String,
}

/// What `register`, `login`, `refresh` and `password` answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenAnswer {
    /// A JWT.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Whose it is.
    pub user: User,
}

/// `POST /messages`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendMessage {
    /// The chat.
    pub chat_id: ChatId,
    /// The text.
    pub content: String,
    /// The sender's own id of the send; without one a retry may double.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<MessageId>,
    /// Whom it mentions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<UserId>,
    /// What the app attaches.
    #[serde(default, skip_serializing_if = "Metadata::is_empty")]
    pub metadata: Metadata,
    /// When it was written, by the client's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// Who sends; the caller, unless an API key says otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<UserId>,
}

/// `PATCH /messages/{id}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditMessage {
    /// The new content.
    pub content: String,
    /// The sender's own id of this edit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

/// The query of a request without body that may be repeated.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientIdQuery {
    /// The sender's own id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

/// `GET /messages`, and the `history` frame. At most one of the three cursors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryQuery {
    /// The chat.
    pub chat_id: ChatId,
    /// A time with a zone or an event's id: messages before it, newest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// A time with a zone or an event's id: messages after it, oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// A time with a zone or an event's id: messages around it, oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<String>,
    /// 1 to 200; 50 where it's missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagesPage {
    /// The messages, in the order that the query asked for.
    pub messages: Vec<Message>,
    /// Whether there are more in that direction.
    pub has_more: bool,
}

/// `GET /messages/{id}/versions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Versions {
    /// Oldest first; the last one is the content as it is now.
    pub versions: Vec<Version>,
}

/// `POST /chats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum CreateChat {
    /// The direct chat with a user; the same each time, whoever asks.
    Direct {
        /// The other user.
        user_id: UserId,
        /// The caller's own id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
    },
    /// A new group that the caller owns.
    Group {
        /// Its name.
        name: String,
        /// Who else is a member.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        members: Vec<UserId>,
        /// From where members who come later read.
        #[serde(default)]
        history_visible: HistoryVisible,
        /// The caller's own id of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
    },
}

/// `PATCH /chats/{id}`: what is present changes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateChat {
    /// The new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From where members who come from now on read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_visible: Option<HistoryVisible>,
    /// The caller's own id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

/// `GET /chats`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatsQuery {
    /// Only chats with a message or change since that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// 1 to 200; 50 where it's missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A page of the caller's chats, latest message first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatsPage {
    /// The chats.
    pub chats: Vec<Chat>,
    /// Leads to the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The query of any list that is paged by cursor.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageQuery {
    /// 1 to 200; 50 where it's missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A page of a chat's members, ordered by user id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MembersPage {
    /// The members.
    pub members: Vec<Member>,
    /// Leads to the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `POST /chats/{id}/members`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddMembers {
    /// Up to 1,000 users, added as one event.
    pub user_ids: Vec<UserId>,
    /// The caller's own id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

/// `PUT /chats/{id}/members/{userId}`: adds or changes one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutMember {
    /// The role from now on.
    pub role: Role,
    /// The caller's own id of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

/// `GET /chats/{id}/events`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventsQuery {
    /// The place before the first one wanted; 0 for all.
    #[serde(default)]
    pub after: Seq,
    /// The epoch that `after` belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// 1 to 200; 50 where it's missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// The places after one, gap-free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventsPage {
    /// The chat.
    pub chat_id: ChatId,
    /// The epoch of the places; where it isn't the one asked with, the client takes the chat anew.
    pub epoch: Epoch,
    /// The very frames of live delivery.
    pub events: Vec<LogFrame>,
    /// Whether there are more.
    pub has_more: bool,
}

/// `PUT /chats/{id}/read`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutRead {
    /// The last message read.
    pub last_read_message_id: MessageId,
    /// Lets the mark move back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
}

/// `PUT /chats/{id}/delivered`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutDelivered {
    /// The last message that arrived.
    pub delivered_message_id: MessageId,
}

/// The members' marks; above 100 members the counts, and the members by page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptsPage {
    /// The marks, ordered by user id.
    pub receipts: Vec<Receipt>,
    /// The counts at the last message, above 100 members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counts: Option<ReceiptCount>,
    /// Leads to the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `PUT /chats/{id}/preferences`: the caller's own, as a whole.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Preferences {
    /// Until when no push is wanted; missing: not muted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<Timestamp>,
    /// Which messages are pushed.
    #[serde(default)]
    pub push: PushPreference,
}

/// `POST /sync`, and the `sync` frame.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncRequest {
    /// The token of the last sync; null or missing for everything.
    #[serde(default)]
    pub since: Option<String>,
    /// The places that the client holds, up to 1,000.
    #[serde(default)]
    pub chats: BTreeMap<ChatId, Place>,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncAnswer {
    /// Where to go on the next time.
    pub token: String,
    /// The chats that changed.
    pub chats: Vec<SyncChat>,
    /// Chats that the caller is no longer in.
    pub left: Vec<ChatId>,
    /// Whether that was all; else sync again with the new token.
    pub complete: bool,
}

/// A chat that changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SyncChat {
    /// The chat; its counts and the events belong to one snapshot.
    #[serde(flatten)]
    pub chat: Chat,
    /// The places after the client's, gap-free from there unless `limited`.
    pub events: Vec<LogFrame>,
    /// Whether places are missing between the client's and the first event.
    pub limited: bool,
}

/// `GET /users`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsersQuery {
    /// The beginning of a name or id.
    #[serde(default)]
    pub q: String,
    /// 1 to 200; 50 where it's missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// Users found, in order of id; a page may be shorter than `limit`, `nextCursor` says whether there are more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsersPage {
    /// The users.
    pub users: Vec<User>,
    /// Leads to the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `PATCH /me`, and `PUT /users/{id}` by an API key.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutUser {
    /// The name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// `GET /sessions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sessions {
    /// The caller's sessions.
    pub sessions: Vec<Session>,
}

/// `GET /presence`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PresenceQuery {
    /// Users, separated by commas (each percent-encoded on its own).
    pub user_ids: String,
}

/// The presence of the users asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceAnswer {
    /// Only of users who share a chat with the caller.
    pub users: Vec<Presence>,
}

/// `GET /search`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchQuery {
    /// Words, phrases in quotes; the last word also as a beginning.
    pub q: String,
    /// Only this chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<ChatId>,
    /// Only this sender.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_id: Option<UserId>,
    /// Not before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// 1 to 200; 50 where it's missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
}

/// A message found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// The message as it is now.
    pub message: Message,
    /// What matched in its content: ranges in UTF-16 code units, start inclusive, end exclusive, rising.
    pub matches: Vec<(u32, u32)>,
}

/// Messages found, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchAnswer {
    /// The messages.
    pub hits: Vec<SearchHit>,
    /// How many there are in all, among those that the caller may read.
    pub total: u64,
    /// Leads to the next page, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// `POST /devices`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutDevice {
    /// The provider.
    pub kind: DeviceKind,
    /// The provider's token; for `fcm` and `apns`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The browser's subscription; for `webpush`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Metadata>,
    /// The device.
    pub device_id: DeviceId,
    /// The language of the notes, such as `de-AT`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// Who brings a push to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// Firebase Cloud Messaging.
    Fcm,
    /// Apple Push Notification service.
    Apns,
    /// Web Push, RFC 8030.
    Webpush,
}

/// A device that gets pushes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// The device.
    pub device_id: DeviceId,
    /// The provider.
    pub kind: DeviceKind,
    /// The language of the notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// When it was last registered.
    pub updated_at: Timestamp,
}

/// `GET /push`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PushOffer {
    /// The kinds of device that are told of messages.
    pub kinds: Vec<DeviceKind>,
    /// The key that browsers subscribe with (RFC 8292), base64url; where they are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vapid_public_key: Option<String>,
}

/// `GET /devices`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Devices {
    /// The caller's devices.
    pub devices: Vec<Device>,
}
