//! What an import tells while it runs: one report a line, as JSON.

use chinwag_proto::{Problem, UserId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where an import goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ImportQuery {
    /// Who owns the groups.
    pub owner: UserId,
    /// The name of the one group that gets everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_one: Option<String>,
}

/// What an import tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImportReport {
    /// Lines are dealt with, those that were taken durably.
    Taken(TakenLines),
    /// All lines are dealt with: the last report.
    Done,
    /// The server is leaving: what was told is in, the rest is not. The last report.
    Stopped,
    /// The import can't go on: what was told is in. The last report.
    Failed(Problem),
}

/// Lines that are dealt with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TakenLines {
    /// The number of the last one, from 1.
    pub through: u64,
    /// How many were brought in.
    pub imported: u64,
    /// How many were there before.
    pub repeated: u64,
    /// How many lines about members were left out.
    pub left_out: u64,
    /// Those that were refused, in order.
    pub refused: Vec<RefusedLine>,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusedLine {
    /// Its number, from 1.
    pub line: u64,
    /// Why, for a person.
    pub reason: String,
}

/// What moving over tells while it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MigrationReport {
    /// How much is on the other side.
    Copied(Moved),
    /// How much was found to be the same on both sides; everything is copied.
    Compared(Moved),
    /// Both sides hold the same: the last report.
    Done(Moved),
    /// The server is leaving: the same command goes on. The last report.
    Stopped,
    /// It can't go on, and why: the last report.
    Failed(String),
}

/// How much is dealt with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// Users.
    pub users: u64,
    /// Chats, deleted ones too.
    pub chats: u64,
    /// Events of chats.
    pub events: u64,
    /// How many events there are.
    pub of_events: u64,
}
