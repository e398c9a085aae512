//! What is asked of a chat's owner, and what it answers. Nodes tell it each other as it is serialised here: whoever
//! changes that raises the version of their calls.

use chinwag_proto::{
    ChatId, ClientId, Epoch, MessageId, Metadata, Seq, SessionId, Timestamp, UserId,
    shapes::{Event, HistoryVisible, Message, Role},
};
use serde::{Deserialize, Serialize};

/// Who asks, as authenticated by one function for both transports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    /// The user in whose name it happens.
    pub user: UserId,
    /// The session that asks; it gets the answer instead of the event.
    pub session: Option<SessionId>,
    /// Whether an API key asks: it administers every chat, a member or not.
    pub api_key: bool,
}

impl Caller {
    /// Makes a caller who is a user and nothing else.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self {
            user,
            session: None,
            api_key: false,
        }
    }
}

/// A message to send.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NewMessage {
    /// The sender's own id of the send.
    pub client_id: Option<ClientId>,
    /// The text.
    pub content: String,
    /// The message that it answers.
    pub reply_to: Option<MessageId>,
    /// Whom it mentions.
    pub mentions: Vec<UserId>,
    /// What the app attaches.
    pub metadata: Metadata,
    /// When it was written, by the client's clock.
    pub client_timestamp: Option<Timestamp>,
}

/// What is asked of a chat's owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Sends a message.
    Send(NewMessage),
    /// Changes a message's content.
    Edit {
        /// The message.
        message: MessageId,
        /// The new content.
        content: String,
        /// The caller's own id of the edit.
        client_id: Option<ClientId>,
    },
    /// Deletes a message.
    Delete {
        /// The message.
        message: MessageId,
        /// The caller's own id of the deletion.
        client_id: Option<ClientId>,
    },
    /// Puts a reaction on a message or takes it off; changes nothing where it is so already.
    React {
        /// The message.
        message: MessageId,
        /// The reaction.
        key: String,
        /// Put on, or take off.
        on: bool,
        /// The caller's own id of the reaction.
        client_id: Option<ClientId>,
    },
    /// Adds users, as one event; those who are members already are left out.
    AddMembers {
        /// Who; each exists (the caller of the owner has checked).
        users: Vec<UserId>,
        /// Their role.
        role: Role,
        /// The caller's own id of the request.
        client_id: Option<ClientId>,
    },
    /// Adds one user with a role, or changes a member's role.
    PutMember {
        /// Who; exists (the caller of the owner has checked).
        user: UserId,
        /// The role from now on.
        role: Role,
        /// The caller's own id of the request.
        client_id: Option<ClientId>,
    },
    /// Removes a member; removing oneself is leaving.
    RemoveMember {
        /// Who.
        user: UserId,
        /// The caller's own id of the request.
        client_id: Option<ClientId>,
    },
    /// Changes the chat.
    Update {
        /// The new name.
        name: Option<String>,
        /// The new rule for members who come.
        history_visible: Option<HistoryVisible>,
        /// The caller's own id of the request.
        client_id: Option<ClientId>,
    },
    /// Deletes the chat, for all.
    DeleteChat,
    /// Moves the caller's read mark.
    Read {
        /// The last message read.
        message: MessageId,
        /// Whether the mark may move back.
        unread: bool,
    },
    /// Moves the caller's delivered mark.
    Delivered {
        /// The last message that arrived.
        message: MessageId,
    },
    /// Tells the other members that the caller is typing.
    Typing,
}

/// What the owner answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// A message was sent, or was already (`repeated`), and is durable.
    Message {
        /// The chat's epoch.
        epoch: Epoch,
        /// The message as it is now.
        message: Box<Message>,
        /// Whether an earlier request with the same client id had sent it.
        repeated: bool,
    },
    /// Another event took a place and is durable.
    Event {
        /// The chat's epoch.
        epoch: Epoch,
        /// Its place; where nothing had to change, the place at which it already was so.
        seq: Seq,
        /// The event.
        event: Box<Event>,
        /// The message that it was about, as it is now.
        message: Option<Box<Message>>,
    },
    /// It is so; nothing took a place.
    Done,
}

/// Where a chat ends, as far as it is confirmed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConfirmedHead {
    /// The chat.
    pub chat: ChatId,
    /// The epoch of its places.
    pub epoch: Epoch,
    /// The last confirmed place.
    pub seq: Seq,
}
