//! What a client is told.

use chinwag_proto::{
    ChatId, UserId,
    frames::{LogFrame, ReceiptFrame},
    http::SyncChat,
    shapes::Presence,
};

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// The connection stands, and everything missed has come.
    Online,
    /// The connection is gone; it comes back by itself.
    Offline,
    /// There is no connection, for this reason; the next try comes after so many milliseconds, or at once by
    /// [`Client::retry_now`](crate::Client::retry_now).
    Retrying {
        /// Why the last try failed, or the connection ended.
        reason: String,
        /// When the next try comes.
        after_ms: u64,
    },
    /// The connection won't come back.
    Closed(String),
    /// A chat as it is now: its counts, marks and head. Its events come as [`ClientEvent::Log`].
    Chat(Box<SyncChat>),
    /// Too much was missed in a chat to tell place by place: what is shown of it starts anew.
    Restart(ChatId),
    /// The chat is no longer the user's.
    Left(ChatId),
    /// A place of a chat's log: once, in order.
    Log(Box<LogFrame>),
    /// A mark moved.
    Receipt(ReceiptFrame),
    /// Members are typing; expires after 7 s.
    Typing {
        /// Where.
        chat_id: ChatId,
        /// Who, up to three.
        user_ids: Vec<UserId>,
        /// How many.
        count: u32,
    },
    /// A watched user came or went.
    Presence(Presence),
}
