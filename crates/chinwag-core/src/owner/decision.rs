//! What a command is decided to do: an event that has no place yet, or nothing.

use super::command::Outcome;
use crate::{
    model::{ChatRow, LogRow, MemberRow, RowBody},
    ports::Follow,
};

/// An event that was decided on and has no place yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) body: RowBody,
    pub(super) following: Following,
}

/// What becomes true with an event.
#[derive(Debug, Default)]
pub(super) struct Following {
    /// The message that it changes, as it will be.
    pub(super) amended: Option<LogRow>,
    pub(super) follows: Vec<Follow>,
    pub(super) members: Vec<MemberRow>,
    pub(super) chat: Option<ChatRow>,
}

impl Draft {
    /// Makes a draft from which nothing follows.
    pub(super) fn of(body: RowBody) -> Self {
        Self::with(body, Following::default())
    }

    /// Makes a draft from which something follows.
    pub(super) fn with(body: RowBody, following: Following) -> Self {
        Self { body, following }
    }
}

/// What was decided on.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, on the stack; a box would cost an allocation a send"
)]
pub(super) enum Decision {
    /// An event takes the next place.
    Append(Draft),
    /// It is so already.
    Already(Outcome),
}
