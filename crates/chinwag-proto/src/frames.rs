//! The frames of the WebSocket, subprotocol [`SUBPROTOCOL`]: one JSON object a text frame.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    ChatId, ClientId, DeviceId, Epoch, EventId, Limits, MessageId, Metadata, Problem, Seq,
    SessionId, Timestamp, UserId,
    http::{HistoryQuery, SyncAnswer},
    shapes::{Event, Message, Presence, Receipt, ReceiptCount},
};

/// The WebSocket subprotocol's name.
pub const SUBPROTOCOL: &str = "chinwag.v1.json";
/// How often a client sends a heartbeat, seconds.
pub const HEARTBEAT_SECONDS: u32 = 20;
/// How long presence outlives the last sign of life, seconds.
pub const PRESENCE_TTL_SECONDS: u32 = 30;

/// A request's number, given by the client and repeated in the answer.
pub type RequestId = u64;

/// The places that a client holds of a chat, as far as they are gap-free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// The epoch that the place belongs to.
    pub epoch: Epoch,
    /// The last place of a gap-free prefix.
    pub seq: Seq,
}

/// What a client sends. Unknown fields are ignored; an unknown `type` gets an error and the connection stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClientFrame {
    /// The request's number; a frame without one gets no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<RequestId>,
    /// What is asked for.
    #[serde(flatten)]
    pub request: Request,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Request {
    /// Says who is asking; the first frame, or a fresh token later.
    Auth {
        /// The JWT.
        token: String,
        /// The device, if the client names it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device_id: Option<DeviceId>,
    },
    /// Sends a message.
    Send(SendFrame),
    /// Changes a message's content.
    Edit {
        /// The chat.
        chat_id: ChatId,
        /// The message.
        message_id: MessageId,
        /// The new content.
        content: String,
        /// The sender's own id of this edit.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
    },
    /// Deletes a message.
    Delete {
        /// The chat.
        chat_id: ChatId,
        /// The message.
        message_id: MessageId,
        /// The sender's own id of this deletion.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client_id: Option<ClientId>,
    },
    /// Puts a reaction on a message.
    React(ReactFrame),
    /// Takes a reaction off a message.
    Unreact(ReactFrame),
    /// Moves the read mark.
    Read {
        /// The chat.
        chat_id: ChatId,
        /// The last message read.
        last_read_message_id: MessageId,
        /// Lets the mark move back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unread: bool,
    },
    /// Moves the delivered mark.
    Delivered {
        /// The chat.
        chat_id: ChatId,
        /// The last message that arrived.
        delivered_message_id: MessageId,
    },
    /// Tells the other members that the user is typing.
    Typing {
        /// The chat.
        chat_id: ChatId,
    },
    /// Gives a sign of life.
    Heartbeat {
        /// The places of the chats on the screen.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        chats: BTreeMap<ChatId, Place>,
    },
    /// Asks what changed.
    Sync(crate::http::SyncRequest),
    /// Asks for the places after one.
    Events {
        /// The chat.
        chat_id: ChatId,
        /// The epoch that `after` belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        epoch: Option<Epoch>,
        /// The place before the first one wanted.
        after: Seq,
        /// How many at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<u32>,
    },
    /// Asks for messages, as `GET /messages`.
    History(HistoryQuery),
    /// Changes whose presence the session is told.
    WatchPresence {
        /// Users to watch from now on: as long as one shares a chat with them, and again when one does.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        add: Vec<UserId>,
        /// Users to watch no longer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remove: Vec<UserId>,
    },
}

impl Request {
    /// Returns where the sender's own id stands, of a request that takes one.
    pub fn client_id_mut(&mut self) -> Option<&mut Option<ClientId>> {
        match self {
            Self::Send(frame) => Some(&mut frame.client_id),
            Self::Edit { client_id, .. } | Self::Delete { client_id, .. } => Some(client_id),
            Self::React(frame) | Self::Unreact(frame) => Some(&mut frame.client_id),
            _ => None,
        }
    }

    /// Every `type` that a client may send.
    pub const TYPES: &'static [&'static str] = &[
        "auth",
        "send",
        "edit",
        "delete",
        "react",
        "unreact",
        "read",
        "delivered",
        "typing",
        "heartbeat",
        "sync",
        "events",
        "history",
        "watchPresence",
    ];
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendFrame {
    /// The chat.
    pub chat_id: ChatId,
    /// The sender's own id of the send; without one a retry may double.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The text.
    pub content: String,
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
}

/// A reaction to put on or take off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReactFrame {
    /// The chat.
    pub chat_id: ChatId,
    /// The message.
    pub message_id: MessageId,
    /// The reaction.
    pub key: String,
    /// The sender's own id of this reaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
}

/// What the server sends: answers carry the request's `id`, events carry none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum ServerFrame {
    /// The session stands.
    Ready {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Who is asking.
        user_id: UserId,
        /// This session.
        session_id: SessionId,
        /// How often to send a heartbeat.
        heartbeat_seconds: u32,
        /// How long presence outlives the last sign of life.
        presence_ttl_seconds: u32,
        /// The server's limits.
        limits: Limits,
        /// The server's time.
        server_time: Timestamp,
    },
    /// A send, edit, deletion or reaction is durable.
    Ack {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The chat's epoch.
        epoch: Epoch,
        /// The place that the change took.
        seq: Seq,
        /// The message, of a send.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<Message>,
        /// The event, of anything else.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        event: Option<Event>,
    },
    /// A mark is kept, or a watch is over.
    Ok {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
    },
    /// The server is there.
    Heartbeat {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The ends of those chats named that are ahead of the client.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        chats: BTreeMap<ChatId, Place>,
    },
    /// What changed.
    Sync {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The changes.
        #[serde(flatten)]
        answer: SyncAnswer,
    },
    /// The places after one, as the very frames of live delivery.
    Events {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The page.
        #[serde(flatten)]
        page: crate::http::EventsPage,
    },
    /// A page of messages.
    Messages {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// The page.
        #[serde(flatten)]
        page: crate::http::MessagesPage,
    },
    /// A request was refused.
    Error {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Why.
        error: Problem,
    },
    /// Presence: of users just watched (with `id`), or a change (one user, without). Of whom one shares no chat with any
    /// more `offline` is told.
    Presence {
        /// The request's number.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<RequestId>,
        /// Each user's presence, in an answer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        users: Vec<Presence>,
        /// One user's presence, in an event.
        #[serde(flatten, default, skip_serializing_if = "Option::is_none")]
        user: Option<Presence>,
    },
    /// A member moved a mark.
    Receipt(ReceiptFrame),
    /// Members are typing.
    Typing {
        /// The chat.
        chat_id: ChatId,
        /// Who, in a small chat.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<UserId>,
        /// Up to three of those who are, in a large one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        user_ids: Vec<UserId>,
        /// How many are, in a large one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u32>,
    },
    /// Something may have been missed: sync.
    Resync {
        /// How long to wait first, so that not all come at once.
        after_ms: u64,
    },
    /// The token expires soon: send a fresh one by `auth`.
    Reauth {
        /// When it does.
        expires_at: Timestamp,
    },
    /// The node is leaving: reconnect.
    Drain {
        /// How long to wait first, so that not all come at once.
        after_ms: u64,
    },
    /// An event of a chat's log.
    #[serde(untagged)]
    Log(LogFrame),
}

/// A moved mark: one member's in a small group, counts in a large one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ReceiptFrame {
    /// Counts at the author's last message.
    Count(ReceiptCount),
    /// One member's marks.
    Member(Receipt),
}

/// A place of a chat's log as one member sees it, live and in `sync` and `events` alike.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogFrame {
    /// The chat.
    pub chat_id: ChatId,
    /// The epoch of its places.
    pub epoch: Epoch,
    /// The place.
    pub seq: Seq,
    /// What is there.
    #[serde(flatten)]
    pub body: LogBody,
}

/// What is at a place.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(
    tag = "type",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum LogBody {
    /// A message.
    Message {
        /// The message as it is now.
        message: Message,
    },
    /// A message was edited.
    MessageEdited {
        /// The edit's own id.
        event_id: EventId,
        /// The message as it is now.
        message: Message,
    },
    /// A message was deleted.
    MessageDeleted {
        /// The deletion's own id.
        event_id: EventId,
        /// The tombstone.
        message: Message,
    },
    /// A reaction was put on or taken off.
    Reaction {
        /// What happened.
        event: Event,
    },
    /// Members came, went or changed roles.
    Membership {
        /// What happened.
        event: Event,
    },
    /// The chat changed.
    Chat {
        /// What happened.
        event: Event,
    },
    /// A place that the member may not see, or that says nothing to a client.
    Hidden,
}

impl ServerFrame {
    /// Every `type` that the server may send.
    pub const TYPES: &'static [&'static str] = &[
        "ready",
        "ack",
        "ok",
        "heartbeat",
        "sync",
        "events",
        "messages",
        "error",
        "presence",
        "receipt",
        "typing",
        "resync",
        "reauth",
        "drain",
        "message",
        "messageEdited",
        "messageDeleted",
        "reaction",
        "membership",
        "chat",
        "hidden",
    ];
}
