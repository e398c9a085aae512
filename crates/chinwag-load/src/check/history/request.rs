//! Requests and what became of them.

use serde::{Deserialize, Serialize};

use super::is_false;
use crate::check::value::{Digest, Id};

/// Holds a request that is about to leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Intent {
    /// The chat.
    pub chat: String,
    /// The request's own name, once per chat and user; the recorder's where the wire has none.
    pub client_id: String,
    /// What is asked for.
    pub op: Op,
}

/// Names what a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Op {
    /// To send a message.
    Message {
        /// What stands for its content.
        digest: Digest,
    },
    /// To change a message's content.
    Edit {
        /// The message.
        target: Id,
        /// What stands for the new content.
        digest: Digest,
    },
    /// To delete a message.
    Delete {
        /// The message.
        target: Id,
    },
    /// To add a reaction or to take it back.
    React {
        /// The message.
        target: Id,
    },
    /// To add members; joining is adding oneself.
    Add {
        /// Who is added.
        users: Vec<String>,
    },
    /// To remove members; leaving is removing oneself.
    Remove {
        /// Who is removed.
        users: Vec<String>,
    },
    /// To set the own read mark.
    Read {
        /// The last message read.
        id: Id,
        /// Whether the mark may move back.
        #[serde(default, skip_serializing_if = "is_false")]
        unread: bool,
    },
    /// Anything else that may take a place (a name, a setting).
    Other,
}

/// Holds the success of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Ack {
    /// The chat.
    pub chat: String,
    /// The request's own name.
    pub client_id: String,
    /// The event that was placed; may be absent where the answer doesn't tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Given>,
}

/// Holds what the owner gave an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Given {
    /// The event's id.
    pub id: Id,
    /// The chat's epoch.
    pub epoch: u32,
    /// The event's place.
    pub seq: u64,
}

/// Holds the end of one try that didn't succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outcome {
    /// The chat.
    pub chat: String,
    /// The request's own name.
    pub client_id: String,
}
