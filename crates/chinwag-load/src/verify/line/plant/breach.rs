//! What each breach does to a frame.

use chinwag_proto::snowflake::COUNTERS;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Pass, Plant, Planted, Toward};

impl Planted {
    /// Does to a frame what the plant does; none where it passes as it is.
    pub(super) fn breach(&mut self, toward: Toward, user: &str, frame: Value) -> Option<Pass> {
        let is = |kind: &str| frame["type"] == kind;
        let to_client = toward == Toward::Client;
        match self.plant {
            // That of a message: what acknowledges another change shows the message too, beside its event.
            Plant::Lost if to_client && is("ack") && frame["event"].is_null() => {
                self.kept = frame["message"].is_object().then_some(frame);
                None
            }
            Plant::Lost if !to_client && is("send") => self.acknowledge_only(frame),
            Plant::Altered if !to_client && is("send") => self.alter(frame),
            Plant::Doubled if to_client && is("message") => self.double(frame),
            Plant::Swallowed if to_client => self.swallow(user, frame),
            Plant::Reordered if to_client => self.reorder(user, frame),
            Plant::Peek if to_client => self.show_to_others(user, frame),
            Plant::MarkBack if to_client && is("receipt") => self.move_back(frame),
            Plant::Miscounted if to_client && is("sync") => self.miscount(frame),
            Plant::Undeleted if to_client && is("messageDeleted") => self.undelete(frame),
            Plant::Haunted if to_client && is("presence") => self.haunt(frame),
            _ => None,
        }
    }

    /// Answers a send by an acknowledgement made of the last one, at the next place.
    fn acknowledge_only(&mut self, send: Value) -> Option<Pass> {
        let last = self.kept.clone()?;
        if last["message"]["chatId"] != send["chatId"] || !self.takes_chance() {
            return None;
        }
        let seq = last["seq"].as_u64()? + 1;
        let mut answer = last;
        answer["id"] = send["id"].clone();
        answer["seq"] = json!(seq);
        let message = &mut answer["message"];
        message["id"] = above(&message["id"])?;
        message["seq"] = json!(seq);
        message["changeSeq"] = json!(seq);
        message["clientId"] = send["clientId"].clone();
        message["content"] = send["content"].clone();
        Some(Pass::Answer {
            sent: text(&send),
            answer: text(&answer),
        })
    }

    /// Alters each from then on: one alone may be refused, or deleted before anybody sees it.
    fn alter(&mut self, send: Value) -> Option<Pass> {
        let mut instead = send.clone();
        instead["content"] = json!(format!("{} ", send["content"].as_str()?));
        self.takes_each_chance().then(|| Pass::Change {
            sent: text(&send),
            instead: text(&instead),
        })
    }

    fn double(&mut self, frame: Value) -> Option<Pass> {
        let mut second = frame.clone();
        second["message"]["id"] = above(&frame["message"]["id"])?;
        self.takes_chance()
            .then(|| Pass::Both(text(&frame), text(&second)))
    }

    /// Keeps one place of the chat that nobody leaves from one user, live and in answers: who comes back to a chat
    /// holds it anew, without the hole.
    fn swallow(&mut self, user: &str, mut frame: Value) -> Option<Pass> {
        let place = |frame: &Value| json!([frame["chatId"], frame["seq"]]);
        let private = self.private.chat.to_string();
        let is_chance = frame["type"] == "message" && frame["chatId"] == private.as_str();
        if self.victim.is_none() && is_chance && self.takes_chance() {
            self.victim = Some((user.to_owned(), place(&frame)));
        }
        let (victim, swallowed) = self.victim.as_ref()?;
        if victim != user {
            return None;
        }
        if frame["seq"].is_u64() && frame["type"] != "ack" && place(&frame) == *swallowed {
            return Some(Pass::Lose);
        }
        let in_sync = frame.get_mut("chats").and_then(Value::as_array_mut);
        for chat in in_sync.into_iter().flatten() {
            remove(chat, &place, swallowed);
        }
        remove(&mut frame, &place, swallowed);
        Some(Pass::On(text(&frame)))
    }

    /// Keeps a message of one user until the next one of that chat, and gives each the other's place. Where something
    /// else comes next, the kept one is lost, which the device mends, and another message is tried.
    fn reorder(&mut self, user: &str, frame: Value) -> Option<Pass> {
        let is_message = frame["type"] == "message";
        let Some(first) = self.kept.take() else {
            let is_done = self.breaches > 0;
            if is_done || !is_message {
                return None;
            }
            self.victim = Some((user.to_owned(), frame["chatId"].clone()));
            self.kept = Some(frame);
            return Some(Pass::Lose);
        };
        let is_theirs = self.victim == Some((user.to_owned(), frame["chatId"].clone()));
        if !is_theirs || !frame["seq"].is_u64() {
            self.kept = Some(first);
            return None;
        }
        let follows = frame["seq"].as_u64() == first["seq"].as_u64().map(|seq| seq + 1);
        if !is_message || !follows {
            return None;
        }
        self.breaches += 1;
        let placed = |message: &Value, at: &Value| {
            let mut frame = at.clone();
            frame["message"] = message["message"].clone();
            frame["message"]["seq"] = at["seq"].clone();
            frame["message"]["changeSeq"] = at["seq"].clone();
            text(&frame)
        };
        Some(Pass::Both(placed(&frame, &first), placed(&first, &frame)))
    }

    fn show_to_others(&mut self, user: &str, frame: Value) -> Option<Pass> {
        let private = self.private.chat.to_string();
        if frame["type"] == "message" && frame["chatId"] == private.as_str() {
            self.kept = Some(frame);
            return None;
        }
        let peeked = self.kept.clone()?;
        let is_other = !self.private.members.contains(user);
        (is_other && self.takes_chance()).then(|| Pass::Both(text(&frame), text(&peeked)))
    }

    fn move_back(&mut self, frame: Value) -> Option<Pass> {
        let mut second = frame.clone();
        let mark = frame["lastReadMessageId"].as_str()?.parse::<u64>().ok()?;
        second["lastReadMessageId"] = json!((mark - 1).to_string());
        self.takes_chance()
            .then(|| Pass::Both(text(&frame), text(&second)))
    }

    fn miscount(&mut self, mut frame: Value) -> Option<Pass> {
        let chat = frame.get_mut("chats")?.as_array_mut()?.first_mut()?;
        let unread = chat["unread"].as_u64()?;
        chat["unread"] = json!(unread + 1);
        self.takes_each_chance().then(|| Pass::On(text(&frame)))
    }

    fn undelete(&mut self, mut frame: Value) -> Option<Pass> {
        frame["message"]["content"] = json!("what was deleted");
        self.takes_chance().then(|| Pass::On(text(&frame)))
    }

    /// The few who leave while others watch are too few to wait for a fifth.
    fn haunt(&mut self, mut frame: Value) -> Option<Pass> {
        let told = frame["status"].as_str()?;
        if told == "online" {
            return None;
        }
        frame["status"] = json!("online");
        self.breaches += 1;
        Some(Pass::On(text(&frame)))
    }
}

fn remove(answer: &mut Value, place: &impl Fn(&Value) -> Value, swallowed: &Value) {
    if let Some(events) = answer.get_mut("events").and_then(Value::as_array_mut) {
        events.retain(|event| place(event) != *swallowed);
    }
}

/// Returns the last id of the same millisecond and node: one that no server has come to.
fn above(id: &Value) -> Option<Value> {
    let id: u64 = id.as_str()?.parse().ok()?;
    Some(json!((id | u64::from(COUNTERS - 1)).to_string()))
}

fn text(frame: &Value) -> Utf8Bytes {
    frame.to_string().into()
}
