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
    /// The user's unread messages at the message's place.
    pub badge: u64,
}

/// What became of a note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushOutcome {
    /// The provider took it.
    Sent,
    /// Try again after so many milliseconds.
    RetryAfter(u64),
    /// The device's address is dead, for this reason: forget it.
    Gone(String),
}

/// Sends notes to devices.
///
/// At most one note a call reaches the device; the same note sent again replaces the first on the screen.
#[async_trait]
pub trait PushSender: Send + Sync + 'static {
    /// Sends notes; the answer has the order and length of the question.
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>>;
}
