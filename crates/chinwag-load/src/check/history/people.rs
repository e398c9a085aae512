//! Marks, members, presence, and what befell sessions and servers.

use serde::{Deserialize, Serialize};

use super::{HistoryVisible, is_false};
use crate::check::value::Id;

/// Holds a user's read mark as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mark {
    /// The chat.
    pub chat: String,
    /// Whose mark it is.
    pub user: String,
    /// The last message read.
    pub id: Id,
    /// When it was asked for; absent for a live `receipt`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
}

/// Holds the own count of unread messages, as of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unread {
    /// The chat.
    pub chat: String,
    /// The chat's epoch.
    pub epoch: u32,
    /// The head's place in the snapshot that the count belongs to.
    pub seq: u64,
    /// The own read mark in that snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Id>,
    /// The count.
    pub count: u64,
    /// Whether the count is only a bound.
    #[serde(default, skip_serializing_if = "is_false")]
    pub capped: bool,
}

/// Holds a chat that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Made {
    /// The chat.
    pub chat: String,
    /// Its members from the start.
    pub members: Vec<String>,
    /// What members who join later may see.
    pub history_visible: HistoryVisible,
}

/// Holds the end of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Close {
    /// Whether the server saw it: false for a cut, a frozen or a killed client.
    pub clean: bool,
}

/// Holds a change of whom a session watches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The users.
    pub users: Vec<String>,
    /// Whether watching starts or stops.
    pub on: bool,
}

/// Holds a user's presence as somebody saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Presence {
    /// The user.
    pub user: String,
    /// Whether the user was shown as online.
    pub online: bool,
    /// When it was asked for; absent for a live event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<u64>,
}

/// Holds that somebody was seen typing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Typing {
    /// The chat.
    pub chat: String,
    /// Who types.
    pub user: String,
}

/// Holds what happened to a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Server {
    /// The node's name.
    pub node: String,
    /// What happened to it.
    pub state: ServerState,
}

/// Names what happened to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ServerState {
    /// It is ready.
    Started,
    /// It was told to stop, and did.
    Stopped,
    /// It was killed, frozen or cut off.
    Killed,
    /// It came back from a copy or with loss accepted: from here on epochs may rise, and what was
    /// acknowledged before may be gone.
    Restored,
}
