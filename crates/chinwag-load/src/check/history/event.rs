//! Events as somebody saw them.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::check::value::{Digest, Id};

/// Holds an event that came live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Live {
    /// The chat.
    pub chat: String,
    /// The event.
    pub event: Event,
}

/// Holds one event as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Event {
    /// The chat's epoch.
    pub epoch: u32,
    /// The event's place.
    pub seq: u64,
    /// What kind of event it is.
    pub kind: Kind,
    /// The event's id; absent only where the frame has none (`hidden`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Id>,
    /// Who caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The sender's own name for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The message that it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Id>,
    /// The place of the last change in the message that was shown; the event's own if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_seq: Option<u64>,
    /// What stands for the text that was shown, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Whether the message was shown as deleted.
    #[serde(default, skip_serializing_if = "is_false")]
    pub deleted: bool,
    /// Who was added, or is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub membership: Option<Membership>,
    /// What members added from here on may see, if the recorder knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_visible: Option<HistoryVisible>,
}

/// Names the kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A place that the observer may not see, or a `term`.
    #[default]
    Hidden,
    /// A message.
    Message,
    /// A change of a message's text.
    Edit,
    /// The deletion of a message.
    Deletion,
    /// A reaction to a message.
    Reaction,
    /// A change of the members.
    Membership,
    /// A change of the chat itself.
    Chat,
}

/// Holds a change of a chat's members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Membership {
    /// The members that came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
    /// The members that left or were removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<String>,
}

/// Says what a member who joins may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HistoryVisible {
    /// Everything.
    All,
    /// What is placed at and after the joining.
    Joined,
}
