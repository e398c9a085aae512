//! Frames as a client reads them: those that come most without a detour.
//!
//! serde reads an enum with a tag inside, and what is flattened, into a tree first. An event would be read into three.

use serde::{Deserialize, Deserializer};

use crate::{
    ChatId, Epoch, EventId, Seq,
    event_change::needed,
    frames::{LogBody, LogFrame, RequestId, ServerFrame},
    shapes::{Event, Message},
};

impl ServerFrame {
    /// Reads a frame from its text; means the same as `serde_json::from_str`.
    ///
    /// Errors: what is no JSON, or no frame of a known kind.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        // As the server writes them, events begin with their chat and all others with their kind.
        let Some(kind) = text.strip_prefix(r#"{"type":""#) else {
            let log = serde_json::from_str(text).map(Self::Log);
            return log.or_else(|error| serde_json::from_str(text).map_err(|_| error));
        };
        match kind.starts_with("ack\"") {
            true => serde_json::from_str::<Ack>(text).map(Self::from),
            false => serde_json::from_str(text),
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum LogKind {
    Message,
    MessageEdited,
    MessageDeleted,
    Reaction,
    Membership,
    Chat,
    Hidden,
}

/// A [`LogFrame`] with all that any kind of it has.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "type")]
    kind: LogKind,
    chat_id: ChatId,
    epoch: Epoch,
    seq: Seq,
    message: Option<Message>,
    event_id: Option<EventId>,
    event: Option<Event>,
}

impl<'de> Deserialize<'de> for LogFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let log = Log::deserialize(deserializer)?;
        let message = || needed("message", log.message);
        let event_id = || needed("eventId", log.event_id);
        let event = || needed("event", log.event);
        let body = match log.kind {
            LogKind::Message => LogBody::Message {
                message: message()?,
            },
            LogKind::MessageEdited => LogBody::MessageEdited {
                event_id: event_id()?,
                message: message()?,
            },
            LogKind::MessageDeleted => LogBody::MessageDeleted {
                event_id: event_id()?,
                message: message()?,
            },
            LogKind::Reaction => LogBody::Reaction { event: event()? },
            LogKind::Membership => LogBody::Membership { event: event()? },
            LogKind::Chat => LogBody::Chat { event: event()? },
            LogKind::Hidden => LogBody::Hidden,
        };
        Ok(Self {
            chat_id: log.chat_id,
            epoch: log.epoch,
            seq: log.seq,
            body,
        })
    }
}

/// [`ServerFrame::Ack`] by itself.
#[derive(Deserialize)]
struct Ack {
    id: Option<RequestId>,
    epoch: Epoch,
    seq: Seq,
    message: Option<Message>,
    event: Option<Event>,
}

impl From<Ack> for ServerFrame {
    fn from(ack: Ack) -> Self {
        let Ack {
            id,
            epoch,
            seq,
            message,
            event,
        } = ack;
        Self::Ack {
            id,
            epoch,
            seq,
            message,
            event,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// One of each kind; the message has what JSON must escape.
    fn frames() -> Vec<Value> {
        let at = "2026-01-02T03:04:05.000Z";
        let message = json!({
            "id": "70", "chatId": "7", "seq": 3, "senderId": "ana", "content": "\"h\\i\"\n\u{1}👩‍👩‍👧", "status": "sent",
            "timestamp": at, "changeSeq": 5, "mentions": ["ben"], "metadata": {"a": [1, null]}, "reactions": [],
        });
        let reaction = json!({
            "id": "90", "userId": "ana", "timestamp": at, "messageId": "70", "key": "+", "on": true, "count": 1,
        });
        let membership = json!({
            "id": "91", "userId": "ana", "timestamp": at, "change": "added", "userIds": ["ben", "cem"],
        });
        let renamed = json!({"id": "92", "userId": "ana", "timestamp": at, "name": "a name"});
        let mut frames = vec![
            json!({"type": "ack", "id": 4, "epoch": 1, "seq": 3, "message": message}),
            json!({"type": "ack", "id": 5, "epoch": 1, "seq": 4, "event": reaction}),
            json!({"type": "ok", "id": 6}),
            json!({"type": "heartbeat"}),
            json!({"type": "resync", "afterMs": 12}),
            json!({"type": "typing", "chatId": "7", "userId": "ana"}),
        ];
        let bodies = [
            json!({"type": "message", "message": message}),
            json!({"type": "messageEdited", "eventId": "93", "message": message}),
            json!({"type": "messageDeleted", "eventId": "94", "message": message}),
            json!({"type": "reaction", "event": reaction}),
            json!({"type": "membership", "event": membership}),
            json!({"type": "chat", "event": renamed}),
            json!({"type": "hidden"}),
        ];
        for mut frame in bodies {
            frame["chatId"] = json!("7");
            frame["epoch"] = json!(2);
            frame["seq"] = json!(9);
            frames.push(frame);
        }
        frames
    }

    #[test]
    fn what_is_read_directly_is_what_was_written() {
        for frame in frames() {
            let read: ServerFrame = serde_json::from_value(frame.clone()).unwrap();
            // In an order of its own, and as the server writes it.
            for text in [frame.to_string(), serde_json::to_string(&read).unwrap()] {
                assert_eq!(ServerFrame::from_json(&text).unwrap(), read);
                let written: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(written["type"], frame["type"]);
            }
        }
    }

    #[test]
    fn what_is_unknown_is_passed_over_within_a_frame_and_refused_as_a_frame() {
        for mut frame in frames() {
            let known = ServerFrame::from_json(&frame.to_string()).unwrap();
            frame["new"] = json!({"type": "message", "deep": [{"type": 1}]});
            assert_eq!(ServerFrame::from_json(&frame.to_string()).unwrap(), known);
        }
        for text in [
            r#"{"type":"new"}"#,
            r#"{"seq":1}"#,
            "[]",
            "",
            r#"{"type":"hidden"}"#,
        ] {
            assert!(ServerFrame::from_json(text).is_err(), "{text}");
            assert!(serde_json::from_str::<ServerFrame>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_event_without_what_its_kind_has_is_refused_by_name() {
        let is_log = |frame: &Value| frame.get("chatId").is_some() && frame.get("epoch").is_some();
        for frame in frames().into_iter().filter(is_log) {
            for missing in ["message", "event", "eventId", "seq", "epoch", "chatId"] {
                let mut frame = frame.clone();
                if frame.as_object_mut().unwrap().remove(missing).is_some() {
                    let error = ServerFrame::from_json(&frame.to_string()).unwrap_err();
                    assert!(error.to_string().contains(missing), "{error}");
                }
            }
        }
    }
}
