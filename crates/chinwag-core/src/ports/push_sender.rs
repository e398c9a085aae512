//! Notes to devices.

use async_trait::async_trait;
use chinwag_proto::{ChatId, MessageId};

use super::EngineResult;
use crate::model::DeviceRow;

/// What a device is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushNote {
    /// Whom it goes to.
    pub device: DeviceRow,
    /// The chat: notes of one chat replace each other.
    pub chat: ChatId,
    /// The message; none where a note is only taken back (read on another device).
    pub message: Option<MessageId>,
    /// The first line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The user's unread messages, of all chats, at the message's place.
    pub badge: u64,
    /// For how many seconds from now a provider keeps it for a device that it can't reach.
    pub ttl_seconds: u32,
}

/// What became of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The provider took it.
    Sent,
    /// Try again after so many milliseconds, or whenever one likes where it is 0: the provider didn't say.
    RetryAfter(u64),
    /// The provider will never take this note, for this reason: don't try again; the device stays.
    Refused(String),
    /// The device's address is dead, for this reason: forget it.
    Gone(String),
}

/// Sends notes to devices.
///
/// Of one call, at most the last note of a chat reaches a device; the same note sent again replaces the first on the
/// screen. A note that a provider didn't answer in time counts as not sent, though it may have arrived.
#[async_trait]
pub trait PushSender: Send + Sync + 'static {
    /// Sends notes; the answer has the order and length of the question.
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>>;
}
