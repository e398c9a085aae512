//! Answers with events, and what a client holds.

use chinwag_proto::frames::LogFrame;
use serde::{Deserialize, Serialize};

use super::{Event, is_false};
use crate::check::value::Id;

/// Holds an answer with events of one chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Page {
    /// The chat.
    pub chat: String,
    /// How it was asked for.
    pub via: Via,
    /// When the request left, on the recorder's clock.
    pub asked: u64,
    /// The chat's epoch.
    pub epoch: u32,
    /// The place after which events were asked for (`events`, `sync`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// The event after which messages were asked for (`history`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after_id: Option<Id>,
    /// The event before which messages were asked for (`history`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_id: Option<Id>,
    /// Whether the newest stands first.
    #[serde(default, skip_serializing_if = "is_false")]
    pub newest_first: bool,
    /// Whether the answer says that more follows.
    #[serde(default, skip_serializing_if = "is_false")]
    pub has_more: bool,
    /// Whether a sync left out what came before its events.
    #[serde(default, skip_serializing_if = "is_false")]
    pub limited: bool,
    /// The place of the chat's head, where the answer tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// Whether only messages were asked for (`dump`; always so for `history` and `search`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub only_messages: bool,
    /// The events, in the answer's order.
    pub events: Vec<Event>,
}

/// Names how events were asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Via {
    /// The places after one, gap-free.
    Events,
    /// A chat of a sync.
    Sync,
    /// Messages by cursor.
    History,
    /// Hits of a search, or one message by its id.
    Search,
    /// A part of the whole log, by an observer who may see all; the last has no `hasMore`.
    Dump,
}

/// Holds a client's claim to have everything up to a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prefix {
    /// The chat.
    pub chat: String,
    /// The chat's epoch.
    pub epoch: u32,
    /// The last place of the gap-free prefix.
    pub seq: u64,
}

impl From<&LogFrame> for Prefix {
    /// Claims to have everything up to an event that was shown.
    fn from(frame: &LogFrame) -> Self {
        Self {
            chat: frame.chat_id.to_string(),
            epoch: frame.epoch.0,
            seq: frame.seq.0,
        }
    }
}
