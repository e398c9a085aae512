//! Turns what comes over the wire into what a history says of it.

use chinwag_proto::frames::{LogBody, LogFrame};
use chinwag_proto::shapes::{self, EventChange, MembershipChange, Message, MessageStatus};

use super::history::{Event, HistoryVisible, Kind, Membership};
use super::value::{Digest, Id};

/// Says what a frame of a chat's log shows, live or in an answer of `events` or `sync`.
pub fn event(frame: &LogFrame) -> Event {
    let place = Event {
        epoch: frame.epoch.0,
        seq: frame.seq.0,
        ..Event::default()
    };
    match &frame.body {
        LogBody::Hidden => place,
        LogBody::Message { message: shown } => message(shown, frame.epoch.0),
        LogBody::MessageEdited { event_id, message } => {
            changed(place, Kind::Edit, event_id.0, message)
        }
        LogBody::MessageDeleted { event_id, message } => {
            changed(place, Kind::Deletion, event_id.0, message)
        }
        LogBody::Reaction { event } => other(place, Kind::Reaction, event),
        LogBody::Membership { event } => other(place, Kind::Membership, event),
        LogBody::Chat { event } => other(place, Kind::Chat, event),
    }
}

/// Says what an answer of `messages`, a search or a look-up shows.
pub fn message(message: &Message, epoch: u32) -> Event {
    Event {
        epoch,
        seq: message.seq.0,
        kind: Kind::Message,
        id: Some(Id(message.id.0)),
        sender: Some(message.sender_id.to_string()),
        client_id: message.client_id.as_ref().map(ToString::to_string),
        ..state(message)
    }
}

/// Says what a message reads like now; a tombstone that still had a text would show it.
fn state(message: &Message) -> Event {
    let deleted = message.status == MessageStatus::Deleted;
    let text = Some(&message.content).filter(|text| !deleted || !text.is_empty());
    Event {
        change_seq: Some(message.change_seq.0),
        digest: text.map(|text| Digest::of(text.as_bytes())),
        deleted,
        ..Event::default()
    }
}

/// Says what a change shows of its message; who made it isn't told.
fn changed(place: Event, kind: Kind, event_id: u64, message: &Message) -> Event {
    Event {
        epoch: place.epoch,
        seq: place.seq,
        kind,
        id: Some(Id(event_id)),
        target: Some(Id(message.id.0)),
        ..state(message)
    }
}

fn other(place: Event, kind: Kind, event: &shapes::Event) -> Event {
    let mut shown = Event {
        kind,
        id: Some(Id(event.id.0)),
        sender: Some(event.user_id.to_string()),
        ..place
    };
    match &event.change {
        Some(EventChange::Reaction { message_id, .. }) => shown.target = Some(Id(message_id.0)),
        Some(EventChange::Membership {
            change, user_ids, ..
        }) => {
            let users = user_ids.iter().map(ToString::to_string).collect();
            shown.membership = membership(*change, users);
        }
        Some(EventChange::Chat {
            history_visible, ..
        }) => {
            shown.history_visible = history_visible.map(|visible| match visible {
                shapes::HistoryVisible::All => HistoryVisible::All,
                shapes::HistoryVisible::Joined => HistoryVisible::Joined,
            });
        }
        None => {}
    }
    shown
}

fn membership(change: MembershipChange, users: Vec<String>) -> Option<Membership> {
    match change {
        MembershipChange::Added => Some(Membership {
            added: users,
            gone: Vec::new(),
        }),
        MembershipChange::Removed | MembershipChange::Left => Some(Membership {
            added: Vec::new(),
            gone: users,
        }),
        MembershipChange::Role => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(frame: &str) -> Event {
        event(&serde_json::from_str(frame).unwrap())
    }

    const MESSAGE: &str = r#""message":{"id":"9007199254740993","chatId":"7","seq":3,
        "senderId":"ana","clientId":"k1","content":"abc","timestamp":"2026-01-02T03:04:05.000Z",
        "status":"STATUS","mentions":[],"metadata":{},"reactions":[],"changeSeq":5}"#;

    fn frame(kind: &str, seq: u64, rest: &str) -> String {
        format!(r#"{{"type":"{kind}","chatId":"7","epoch":2,"seq":{seq},{rest}}}"#)
    }

    #[test]
    fn a_message_is_told_by_its_id_sender_state_and_digest() {
        let event = shown(&frame("message", 3, &MESSAGE.replace("STATUS", "edited")));
        assert_eq!((event.epoch, event.seq, event.kind), (2, 3, Kind::Message));
        assert_eq!(event.id, Some(Id(9_007_199_254_740_993)));
        assert_eq!(event.sender.as_deref(), Some("ana"));
        assert_eq!(event.client_id.as_deref(), Some("k1"));
        assert_eq!(event.change_seq, Some(5));
        assert_eq!(event.digest, Some(Digest::of(b"abc")));
        assert!(!event.deleted);
    }

    #[test]
    fn an_edit_has_its_own_place_and_id_and_the_message_s_state() {
        let rest = format!(r#""eventId":"77",{}"#, MESSAGE.replace("STATUS", "edited"));
        let event = shown(&frame("messageEdited", 5, &rest));
        assert_eq!(
            (event.seq, event.kind, event.id),
            (5, Kind::Edit, Some(Id(77)))
        );
        assert_eq!(event.target, Some(Id(9_007_199_254_740_993)));
        assert_eq!((event.change_seq, event.sender), (Some(5), None));
    }

    #[test]
    fn a_tombstone_with_a_text_shows_the_text() {
        let text = MESSAGE.replace("STATUS", "deleted");
        let event = shown(&frame("message", 3, &text));
        assert!(event.deleted && event.digest.is_some());
        let event = shown(&frame("message", 3, &text.replace("abc", "")));
        assert!(event.deleted && event.digest.is_none());
    }

    #[test]
    fn who_left_is_gone_and_a_role_moves_nobody() {
        let rest = |change: &str| {
            let what = format!(r#""change":"{change}","userIds":["eva"]"#);
            let time = "2026-01-02T03:04:05.000Z";
            format!(r#""event":{{"id":"8","userId":"ana","timestamp":"{time}",{what}}}"#)
        };
        let left = shown(&frame("membership", 4, &rest("left")));
        assert_eq!(left.membership.unwrap().gone, ["eva"]);
        let role = shown(&frame("membership", 4, &rest("role")));
        assert_eq!((role.kind, role.membership), (Kind::Membership, None));
        let hidden = shown(r#"{"type":"hidden","chatId":"7","epoch":2,"seq":9}"#);
        assert_eq!(
            hidden,
            Event {
                epoch: 2,
                seq: 9,
                ..Event::default()
            }
        );
    }
}
