//! The limits that the server keeps and tells in `ready`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sizes in bytes and counts; the defaults are the protocol's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// A message's content, bytes of UTF-8 after decoding.
    pub content_bytes: u32,
    /// A message's metadata, bytes of its canonical text.
    pub metadata_bytes: u32,
    /// A request's body, and a client's frame.
    pub body_bytes: u32,
    /// A request's body for `/chats` and `/members`.
    pub members_body_bytes: u32,
    /// An answer; a page may be shorter than asked for to stay below it.
    pub answer_bytes: u32,
    /// A user's sessions at a time.
    pub sessions_per_user: u32,
    /// Different reaction keys on a message.
    pub reaction_keys: u32,
    /// A reaction key's bytes.
    pub reaction_key_bytes: u32,
    /// Users that one request may add to a chat.
    pub members_per_request: u32,
    /// Users that one message may mention.
    pub mentions: u32,
    /// A chat's or a user's name, bytes.
    pub name_bytes: u32,
    /// Items of a page, at most.
    pub page: u32,
    /// Chats that one sync may name.
    pub sync_chats: u32,
    /// Events that sync sends of one chat before it says `limited`.
    pub sync_events: u32,
    /// Users that one session may watch, and one presence request may name.
    pub watched_users: u32,
    /// Frames of a session in any 10 s, heartbeats apart; beyond, it is closed with 4029. Missing: no bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames_in_10_s: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            content_bytes: 16 * 1024,
            metadata_bytes: 4 * 1024,
            body_bytes: 64 * 1024,
            members_body_bytes: 256 * 1024,
            answer_bytes: 256 * 1024,
            sessions_per_user: 20,
            reaction_keys: 20,
            reaction_key_bytes: 64,
            members_per_request: 1_000,
            mentions: 100,
            name_bytes: 256,
            page: 200,
            sync_chats: 1_000,
            sync_events: 50,
            watched_users: 1_000,
            frames_in_10_s: Some(120),
        }
    }
}
