//! Reads from a frame's text the little that the generator needs, without parsing all of it.
//!
//! The keys looked for can't stand inside a content: there a quote is escaped. What the scan doesn't know goes the
//! long way, through the protocol's own types.

use memchr::memmem;

use crate::bench::stamp::{Stamp, read_number};

/// What a frame tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen<'a> {
    /// A message of this run arrived.
    Message {
        /// Its place.
        place: u64,
        /// What it says.
        stamp: Stamp,
    },
    /// A send is durable.
    Ack {
        /// The request's number.
        request: u64,
        /// The message's place.
        place: u64,
    },
    /// The session stands.
    Ready,
    /// Something was refused.
    Refused(&'a [u8]),
    /// Nothing that counts here: a heartbeat, a change of members.
    Other,
}

/// Reads a frame's text.
pub(super) fn scan(text: &[u8]) -> Seen<'_> {
    let Some(kind) = after(text, b"\"type\":\"") else {
        return Seen::Other;
    };
    let kind_bytes = kind.iter().take_while(|byte| **byte != b'"').count();
    match &kind[..kind_bytes] {
        b"message" => message(text).unwrap_or(Seen::Other),
        b"ack" => ack(text).unwrap_or(Seen::Other),
        b"ready" => Seen::Ready,
        b"error" => Seen::Refused(text),
        _ => Seen::Other,
    }
}

fn message(text: &[u8]) -> Option<Seen<'_>> {
    let place = number_after(text, b"\"seq\":")?;
    let stamp = Stamp::read(after(text, b"\"content\":\"")?)?;
    Some(Seen::Message { place, stamp })
}

fn ack(text: &[u8]) -> Option<Seen<'_>> {
    // The message's own id is a string: the request's is the one that is a number.
    let request = memmem::find_iter(text, b"\"id\":")
        .find_map(|at| read_number(&text[at + 5..]))
        .map(|(request, _)| request)?;
    let place = number_after(text, b"\"seq\":")?;
    Some(Seen::Ack { request, place })
}

fn number_after(text: &[u8], key: &[u8]) -> Option<u64> {
    read_number(after(text, key)?).map(|(number, _)| number)
}

fn after<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    memmem::find(text, key).map(|at| &text[at + key.len()..])
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{
        ChatId, Epoch, EventId, Seq, UserId,
        frames::{LogBody, LogFrame, ServerFrame},
        shapes::Message,
    };

    use super::*;
    use crate::bench::message::plain;

    fn sent(content: &str) -> Message {
        let sender = UserId::new("ana").unwrap();
        plain(ChatId(5), EventId(77), Seq(9), sender, content.into())
    }

    fn live(content: &str) -> ServerFrame {
        ServerFrame::Log(LogFrame {
            chat_id: ChatId(5),
            epoch: Epoch::default(),
            seq: Seq(9),
            body: LogBody::Message {
                message: sent(content),
            },
        })
    }

    fn text(frame: &ServerFrame) -> Vec<u8> {
        serde_json::to_vec(frame).unwrap()
    }

    #[test]
    fn it_reads_what_the_protocols_own_types_write() {
        let stamp = Stamp {
            sender: 3,
            number: 12,
            due: 345,
        };
        let mut content = Vec::new();
        stamp.write(&mut content, 128);
        let content = String::from_utf8(content).unwrap();
        let seen = Seen::Message { place: 9, stamp };
        assert_eq!(scan(&text(&live(&content))), seen);
        let ack = text(&ServerFrame::Ack {
            id: Some(12),
            epoch: Epoch::default(),
            seq: Seq(9),
            message: Some(sent(&content)),
            event: None,
        });
        let seen = Seen::Ack {
            request: 12,
            place: 9,
        };
        assert_eq!(scan(&ack), seen);
    }

    #[test]
    fn a_content_that_looks_like_a_frame_is_none() {
        let content = r#"","type":"ack","id":1,"seq":4,"content":"bench 1 2 3 "#;
        assert_eq!(scan(&text(&live(content))), Seen::Other);
        assert_eq!(scan(b"{}"), Seen::Other);
        assert_eq!(scan(br#"{"type":"heartbeat"}"#), Seen::Other);
    }
}
