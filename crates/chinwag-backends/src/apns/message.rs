//! A note as APNs takes it.

use chinwag_core::ports::PushNote;
use chinwag_proto::Timestamp;
use serde_json::{Map, Value, json};

use crate::push;

/// A request's headers and body.
pub(super) struct Message {
    pub(super) push_type: &'static str,
    pub(super) priority: u16,
    /// Until when APNs keeps it, seconds since 1970.
    pub(super) expires_at: i64,
    pub(super) body: Value,
}

/// Writes a note; what the app is told beside it stands under `chinwag`.
pub(super) fn message(note: &PushNote, now: Timestamp) -> Message {
    let fields = push::fields(note).into_iter();
    let fields: Map<String, Value> = fields
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let expires_at = now.unix_millis() / 1_000 + i64::from(note.ttl_seconds);
    if note.message.is_none() {
        return Message {
            push_type: "background",
            // The only one that a background note may have.
            priority: 5,
            expires_at,
            body: json!({"aps": {"content-available": 1}, "chinwag": fields}),
        };
    }
    let aps = json!({
        "alert": {"title": note.title, "body": note.body},
        "badge": note.badge,
        "sound": "default",
        "thread-id": note.chat.to_string(),
        // Lets the app's own extension change what is shown.
        "mutable-content": 1,
    });
    Message {
        push_type: "alert",
        priority: 10,
        expires_at,
        body: json!({"aps": aps, "chinwag": fields}),
    }
}
