//! Promises broken in the server's name, so that one can see that the check finds it.

mod breach;

use std::collections::BTreeSet;

use chinwag_proto::ChatId;
use clap::ValueEnum;
use serde::Serialize;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Utf8Bytes;

/// How many chances pass before the wire does it: a run has begun by then.
const AFTER: u64 = 5;

/// Which promise the wire breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Plant {
    /// A message is acknowledged and not stored.
    Lost,
    /// A message is shown a second time, under another id.
    Doubled,
    /// A text is stored otherwise than it was sent.
    Altered,
    /// A device is never told of a message, however often it asks.
    Swallowed,
    /// Two messages change places for one device.
    Reordered,
    /// Somebody is shown a message of a chat of others.
    Peek,
    /// A read mark moves back.
    MarkBack,
    /// The count of unread messages is one too high.
    Miscounted,
    /// The text of a deleted message is shown.
    Undeleted,
    /// Who has left stays online.
    Haunted,
}

/// Where a frame goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toward {
    Server,
    Client,
}

/// What becomes of a frame.
pub(super) enum Pass {
    /// It goes on as it is now.
    On(Utf8Bytes),
    /// It doesn't.
    Lose,
    /// Two go on to the client.
    Both(Utf8Bytes, Utf8Bytes),
    /// Nobody is asked: the client gets this answer.
    Answer { sent: Utf8Bytes, answer: Utf8Bytes },
    /// The server gets another one.
    Change { sent: Utf8Bytes, instead: Utf8Bytes },
}

/// A chat of two that nobody leaves, and of which nobody else may see anything.
#[derive(Debug, Clone, Default)]
pub(in crate::verify) struct Private {
    pub(in crate::verify) chat: ChatId,
    pub(in crate::verify) members: BTreeSet<String>,
}

/// The breach, and what it has seen so far.
pub(super) struct Planted {
    plant: Plant,
    private: Private,
    chances: u64,
    breaches: u64,
    /// A frame that was kept for later.
    kept: Option<Value>,
    /// Whom and which message it concerns, where that must stay the same.
    victim: Option<(String, Value)>,
}

impl Planted {
    pub(super) fn new(plant: Plant, private: Private) -> Self {
        Self {
            plant,
            private,
            chances: 0,
            breaches: 0,
            kept: None,
            victim: None,
        }
    }

    pub(super) fn breaches(&self) -> u64 {
        self.breaches
    }

    /// Meets a frame of a user's session.
    pub(super) fn meet(&mut self, toward: Toward, user: Option<&str>, text: Utf8Bytes) -> Pass {
        let (Some(user), Ok(frame)) = (user, serde_json::from_str(&text)) else {
            return Pass::On(text);
        };
        self.breach(toward, user, frame)
            .unwrap_or_else(|| Pass::On(text))
    }

    /// Counts a chance; true for the one that is taken.
    fn takes_chance(&mut self) -> bool {
        self.chances += 1;
        let takes = self.chances == AFTER;
        self.breaches += u64::from(takes);
        takes
    }

    /// Counts a chance; true for each from then on.
    fn takes_each_chance(&mut self) -> bool {
        self.chances += 1;
        let takes = self.chances >= AFTER;
        self.breaches += u64::from(takes);
        takes
    }
}
