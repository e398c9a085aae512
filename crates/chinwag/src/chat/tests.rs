//! What is shown, line by line.

use std::time::Instant;

use chinwag_client::{ChatView, Chats, ClientEvent};
use chinwag_proto::{
    ChatId, Epoch, EventId, MessageId, Seq, Timestamp, UserId,
    frames::{LogBody, LogFrame, ReceiptFrame},
    http::SearchHit,
    shapes::{
        Chat, ChatHead, ChatType, Event, EventChange, Marks, Member, MembershipChange, Message,
        MessageStatus, PushPreference, Reaction, Receipt, Role,
    },
};
use jiff::tz::TimeZone;

use super::{look::Look, paint::Paint, render, text::width};

const CHAT: ChatId = ChatId(1);
/// 2026-03-04, a Wednesday, 12:30 UTC.
const NOON: Timestamp = Timestamp::from_unix_millis(1_772_627_400_000);

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn look(columns: usize) -> Look {
    Look {
        columns: Some(columns),
        paint: Paint::none(),
        zone: TimeZone::UTC,
    }
}

fn message(seq: u64, sender: &str, content: &str) -> Message {
    Message {
        id: EventId(seq * 10),
        chat_id: CHAT,
        seq: Seq(seq),
        sender_id: user(sender),
        client_id: None,
        content: content.into(),
        timestamp: NOON,
        client_timestamp: None,
        status: MessageStatus::Sent,
        edited_at: None,
        deleted_at: None,
        deleted_by: None,
        reply_to: None,
        mentions: Vec::new(),
        metadata: Default::default(),
        reactions: Vec::new(),
        change_seq: Seq(seq),
    }
}

/// A group of ana, ben and chi; ben is called as the test likes.
fn chats(bens_name: &str, title: &str) -> Chats {
    let member = |(id, name): (&str, &str)| Member {
        user_id: user(id),
        name: Some(name.into()),
        role: Role::Member,
        joined_at: NOON,
    };
    let members = [("ana", "Ana"), ("ben", bens_name), ("chi", "Chi")].map(member);
    let mut chats = Chats::new(user("ana"));
    chats.put(Chat {
        id: CHAT,
        kind: ChatType::Group,
        name: Some(title.into()),
        role: Role::Member,
        epoch: Epoch(1),
        head: ChatHead {
            seq: Seq(9),
            last_message: Some(message(9, "ben", "the last one")),
        },
        unread: 3,
        unread_capped: None,
        mentions: 1,
        marks: Marks::default(),
        members: Some(members.to_vec()),
        member_count: 3,
        history_visible: None,
        muted_until: None,
        push: PushPreference::All,
    });
    chats
}

fn view(chats: &Chats) -> &ChatView {
    chats.get(CHAT).unwrap()
}

#[test]
fn a_message_shows_place_time_name_and_text_and_its_further_lines_stand_below() {
    let chats = chats("Ben", "Tea");
    let said = message(17, "ben", "one two three four five six\nseven");
    assert_eq!(
        render::message(&look(50), &chats, &said, None),
        [
            "#17   12:30 Ben          one two three four five",
            "                         six",
            "                         seven",
        ]
    );
    let plain = render::message(&Look::plain(), &chats, &said, None);
    assert_eq!(
        plain,
        [
            "#17 2026-03-04T12:30:00.000Z ben: one two three four five six",
            "  seven"
        ]
    );
}

#[test]
fn what_a_message_answers_how_it_was_changed_and_what_others_think_of_it_is_shown() {
    let chats = chats("Ben", "Tea");
    let answered = message(3, "ana", "shall we?");
    let said = Message {
        reply_to: Some(answered.id),
        status: MessageStatus::Edited,
        reactions: vec![
            Reaction {
                key: "🫖".into(),
                count: 2,
                mine: Some(true),
            },
            Reaction {
                key: "👍".into(),
                count: 1,
                mine: None,
            },
        ],
        ..message(4, "chi", "好的")
    };
    let shown = render::message(&look(80), &chats, &said, Some(&answered));
    assert_eq!(
        shown,
        [
            "#4    12:30 Chi          ↳ #3 you: shall we?",
            "                         好的  (edited)",
            "                         🫖 2*   👍 1",
        ]
    );
    let narrow = render::message(&look(36), &chats, &said, Some(&answered));
    assert_eq!(
        narrow[1..3],
        [
            "                         好的",
            "                         (edited)"
        ]
    );
    let unknown = render::message(&look(80), &chats, &said, None);
    assert!(unknown[0].ends_with("↳ an earlier message"), "{unknown:?}");
    let deleted = Message {
        status: MessageStatus::Deleted,
        ..message(5, "chi", "")
    };
    let shown = render::message(&look(80), &chats, &deleted, None);
    assert_eq!(shown, ["#5    12:30 Chi          (deleted)"]);
}

#[test]
fn an_own_message_shows_how_far_it_has_come() {
    let mut chats = chats("Ben", "Tea");
    let own = message(8, "ana", "hello");
    let mut marked = |who: &str, read: Option<MessageId>| {
        let receipt = ReceiptFrame::Member(Receipt {
            chat_id: CHAT,
            user_id: user(who),
            delivered_message_id: Some(own.id),
            last_read_message_id: read,
        });
        chats.apply(&ClientEvent::Receipt(receipt), Instant::now());
        let ticks = render::message(&look(80), &chats, &own, None).remove(0);
        let progress = render::progress(chats.progress(&own).unwrap());
        (ticks.split("hello  ").nth(1).unwrap().to_owned(), progress)
    };
    assert_eq!(
        marked("ben", None),
        ("✓".into(), "✓ delivered to 1 of 2".into())
    );
    assert_eq!(marked("chi", None), ("✓✓".into(), "✓✓ delivered".into()));
    let read = Some(EventId(80));
    assert_eq!(
        marked("ben", read),
        ("✓✓".into(), "✓✓ read by 1 of 2".into())
    );
    assert_eq!(marked("chi", read), ("✓✓".into(), "✓✓ read".into()));
}

#[test]
fn each_day_and_the_first_unread_message_get_a_line() {
    let chats = chats("Ben", "Tea");
    let page = [
        message(1, "ben", "a"),
        message(2, "ana", "b"),
        Message {
            timestamp: NOON.plus_millis(86_400_000),
            ..message(3, "ben", "c")
        },
    ];
    let shown = render::page(&look(60), &chats, view(&chats), &page, Some(EventId(10)));
    let titles: Vec<&str> = shown
        .iter()
        .map(|line| line.trim_end_matches('─').trim_end())
        .collect();
    assert_eq!(titles[0], "── Wednesday, 4 March 2026");
    assert_eq!(titles[3..5], ["── Thursday, 5 March 2026", "── new"]);
    assert_eq!(shown.len(), 6, "{shown:#?}");
}

#[test]
fn the_list_of_chats_tells_what_is_new() {
    let chats = chats("Ben", "Tea");
    let listed = chats.latest_first();
    let shown = render::chats(&look(80), &chats, &listed, NOON);
    assert_eq!(
        shown,
        ["  1 #Tea                     3 new, 1 @you    12:30    Ben: the last one"]
    );
    let later = NOON.plus_millis(40 * 86_400_000);
    let shown = render::chats(&look(80), &chats, &listed, later);
    assert!(shown[0].contains(" 4 Mar "), "{shown:?}");
}

#[test]
fn what_was_found_is_cut_around_the_match_and_painted() {
    let chats = chats("Ben", "Tea");
    let content =
        "🎉 it took us a very long while until at last we went to 北京 together, all of us";
    let units: Vec<u16> = content.encode_utf16().collect();
    let at = String::from_utf16_lossy(&units)
        .find("北京")
        .map(|byte| content[..byte].encode_utf16().count() as u32)
        .unwrap();
    let hit = SearchHit {
        message: message(7, "ben", content),
        matches: vec![(at, at + 2)],
    };
    let shown = render::hit(&look(60), &chats, &hit, NOON);
    assert!(width(&shown) < 60, "{shown}");
    assert!(
        shown.starts_with("#Tea #7 12:30 Ben: …last we went to 北京 "),
        "{shown}"
    );
    let painted = Look {
        paint: Paint::always(),
        ..look(60)
    };
    let shown = render::hit(&painted, &chats, &hit, NOON);
    assert!(shown.contains("\x1b[1;33m北京\x1b[0m"), "{shown:?}");
}

#[test]
fn names_that_two_share_are_told_apart() {
    let chats = chats("Chi", "Tea");
    let look = look(80);
    assert_eq!(look.name(&chats, &user("ben")), "Chi (ben)");
    assert_eq!(look.name(&chats, &user("chi")), "Chi (chi)");
    assert_eq!(look.name(&chats, &user("ana")), "you");
}

#[test]
fn nothing_hostile_reaches_the_terminal_wherever_it_is_shown() {
    let hostile = "x\x1b[2J\x07\u{9b}H\u{202e}y\r\nz\u{2028}\x08";
    let chats = chats(hostile, hostile);
    let view = view(&chats);
    let said = Message {
        reactions: vec![Reaction {
            key: hostile.into(),
            count: 1,
            mine: None,
        }],
        ..message(9, "ben", hostile)
    };
    let event = |change| Event {
        id: EventId(1),
        user_id: user("ben"),
        timestamp: NOON,
        change: Some(change),
    };
    let frames = [
        LogBody::Message {
            message: said.clone(),
        },
        LogBody::MessageEdited {
            event_id: EventId(1),
            message: said.clone(),
        },
        LogBody::MessageDeleted {
            event_id: EventId(1),
            message: said.clone(),
        },
        LogBody::Reaction {
            event: event(EventChange::Reaction {
                message_id: said.id,
                key: hostile.into(),
                on: true,
                count: 1,
            }),
        },
        LogBody::Membership {
            event: event(EventChange::Membership {
                change: MembershipChange::Added,
                user_ids: vec![user("ben")],
                role: None,
                heir: Some(user("ben")),
            }),
        },
        LogBody::Chat {
            event: event(EventChange::Chat {
                name: Some(hostile.into()),
                history_visible: None,
                deleted: None,
            }),
        },
    ];
    for look in [look(40), Look::plain()] {
        let mut shown = render::chats(&look, &chats, &chats.latest_first(), NOON);
        shown.extend(render::message(&look, &chats, &said, Some(&said)));
        for body in &frames {
            let frame = LogFrame {
                chat_id: CHAT,
                epoch: Epoch(1),
                seq: Seq(9),
                body: body.clone(),
            };
            shown.extend(render::frame(&look, &chats, view, &frame));
        }
        let hit = SearchHit {
            message: said.clone(),
            matches: vec![(0, 3), (4, 5)],
        };
        shown.push(render::hit(&look, &chats, &hit, NOON));
        for line in shown {
            let harmless = |c: char| !c.is_control() && !('\u{202a}'..='\u{202e}').contains(&c);
            assert!(line.chars().all(harmless), "{line:?}");
        }
    }
}
