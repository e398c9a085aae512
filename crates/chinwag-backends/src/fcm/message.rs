//! A note as FCM's v1 message: what Android's system shows itself, and the same for an iPhone behind FCM.

use chinwag_core::ports::PushNote;
use chinwag_proto::Timestamp;
use serde_json::{Map, Value, json};

use crate::push;

/// Writes a request's body.
pub(super) fn message(note: &PushNote, now: Timestamp) -> Value {
    let data = push::fields(note).into_iter();
    let data: Map<String, Value> = data
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let chat = note.chat.to_string();
    let expires_at = now.unix_millis() / 1_000 + i64::from(note.ttl_seconds);
    let ttl = format!("{}s", note.ttl_seconds);
    if note.message.is_none() {
        return json!({"message": {
            "token": note.device.address,
            "data": data,
            "android": {"collapse_key": chat, "priority": "NORMAL", "ttl": ttl},
            "apns": {
                "headers": {
                    "apns-push-type": "background",
                    "apns-priority": "5",
                    "apns-expiration": expires_at.to_string(),
                    "apns-collapse-id": chat,
                },
                "payload": {"aps": {"content-available": 1}},
            },
        }});
    }
    json!({"message": {
        "token": note.device.address,
        "notification": {"title": note.title, "body": note.body},
        "data": data,
        "android": {
            "collapse_key": chat,
            "priority": "HIGH",
            "ttl": ttl,
            // Notes with the same tag replace each other on the screen.
            "notification": {"tag": chat, "notification_count": note.badge},
        },
        "apns": {
            "headers": {
                "apns-push-type": "alert",
                "apns-priority": "10",
                "apns-expiration": expires_at.to_string(),
                "apns-collapse-id": chat,
            },
            "payload": {"aps": {"badge": note.badge, "sound": "default", "thread-id": chat}},
        },
    }})
}
