//! An acknowledgement as what it is too: a place of the chat's log.

use crate::{
    ChatId, Seq,
    frames::{LogBody, LogFrame, ServerFrame},
    shapes::{Event, EventChange, Message, MessageStatus},
};

impl ServerFrame {
    /// Reads the place that an acknowledgement tells of: the session that asked gets no other frame of it.
    ///
    /// None for every other frame, and for the acknowledgement of what was so already: it took no place, and its
    /// event bears the id of the message that it would have changed.
    #[must_use]
    pub fn placed(&self, chat: ChatId) -> Option<LogFrame> {
        let Self::Ack {
            epoch,
            seq,
            message,
            event,
            ..
        } = self
        else {
            return None;
        };
        Some(LogFrame {
            chat_id: chat,
            epoch: *epoch,
            seq: *seq,
            body: body(*seq, message.as_ref(), event.as_ref())?,
        })
    }
}

fn body(seq: Seq, message: Option<&Message>, event: Option<&Event>) -> Option<LogBody> {
    let Some(event) = event else {
        return message.cloned().map(|message| LogBody::Message { message });
    };
    match (&event.change, message.cloned()) {
        (Some(EventChange::Reaction { message_id, .. }), _) if *message_id == event.id => None,
        (Some(EventChange::Reaction { .. }), _) => Some(LogBody::Reaction {
            event: event.clone(),
        }),
        (None, Some(message)) if message.id == event.id => None,
        // Nothing changes a message after its deletion: at an earlier place it was edited.
        (None, Some(message))
            if message.status == MessageStatus::Deleted && message.change_seq == seq =>
        {
            Some(LogBody::MessageDeleted {
                event_id: event.id,
                message,
            })
        }
        (None, Some(message)) => Some(LogBody::MessageEdited {
            event_id: event.id,
            message,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Seq;

    fn message(status: &str) -> Value {
        json!({
            "id": "70", "chatId": "7", "seq": 3, "senderId": "ana", "content": "hi", "status": status,
            "timestamp": "2026-01-02T03:04:05.000Z", "changeSeq": 5,
        })
    }

    fn event(id: &str, change: &Value) -> Value {
        let mut event = json!({"id": id, "userId": "ana", "timestamp": "2026-01-02T03:04:05.000Z"});
        for (key, value) in change.as_object().into_iter().flatten() {
            event[key] = value.clone();
        }
        event
    }

    fn placed(ack: Value) -> Option<(Seq, &'static str)> {
        let mut frame = json!({"type": "ack", "id": 1, "epoch": 1, "seq": 5});
        for (key, value) in ack.as_object().unwrap() {
            frame[key] = value.clone();
        }
        let frame: ServerFrame = serde_json::from_value(frame).unwrap();
        let log = frame.placed(ChatId(7))?;
        let kind = match log.body {
            LogBody::Message { .. } => "message",
            LogBody::MessageEdited { .. } => "edited",
            LogBody::MessageDeleted { .. } => "deleted",
            LogBody::Reaction { .. } => "reaction",
            _ => "other",
        };
        Some((log.seq, kind))
    }

    #[test]
    fn what_was_placed_is_told_by_the_acknowledgement() {
        let reaction = json!({"messageId": "70", "key": "+", "on": true, "count": 1});
        let cases = [
            (json!({"message": message("sent")}), "message"),
            (
                json!({"message": message("edited"), "event": event("90", &Value::Null)}),
                "edited",
            ),
            (
                json!({"message": message("deleted"), "event": event("90", &Value::Null)}),
                "deleted",
            ),
            (json!({"event": event("90", &reaction)}), "reaction"),
        ];
        for (ack, kind) in cases {
            assert_eq!(placed(ack), Some((Seq(5), kind)));
        }
    }

    #[test]
    fn an_edit_of_a_message_that_was_deleted_since_is_none_of_its_deletion() {
        let mut deleted = message("deleted");
        deleted["changeSeq"] = json!(8);
        let late = json!({"message": deleted, "event": event("90", &Value::Null)});
        assert_eq!(placed(late), Some((Seq(5), "edited")));
    }

    #[test]
    fn what_was_so_already_took_no_place() {
        let reaction = json!({"messageId": "70", "key": "+", "on": true, "count": 1});
        assert_eq!(placed(json!({"event": event("70", &reaction)})), None);
        let again = json!({"message": message("deleted"), "event": event("70", &Value::Null)});
        assert_eq!(placed(again), None);
    }
}
