//! Faults about people: who sees what, marks, unread, typing, presence. Each beside a near miss.

use super::story::*;
use crate::check::history::*;

/// Ana writes, adds eva, writes, removes eva, writes: places 1 to 5.
fn eva_comes_and_goes(visible: HistoryVisible) -> (Story, Vec<Event>) {
    let mut story = Story::visible(&["ana", "ben"], visible);
    story.sent("ana", "k1", 1);
    story.done(
        "ana",
        "add",
        Op::Add {
            users: names(&["eva"]),
        },
        Some(2),
    );
    story.sent("ana", "k3", 3);
    story.done(
        "ana",
        "out",
        Op::Remove {
            users: names(&["eva"]),
        },
        Some(4),
    );
    story.sent("ana", "k5", 5);
    let log = vec![
        message(1, "ana", "k1"),
        moved(2, "ana", &["eva"], &[]),
        message(3, "ana", "k3"),
        moved(4, "ana", &[], &["eva"]),
        message(5, "ana", "k5"),
    ];
    (story, log)
}

#[test]
fn what_lies_before_the_joining_is_seen_only_where_history_is_open() {
    for (visible, right) in [(HistoryVisible::All, true), (HistoryVisible::Joined, false)] {
        let (mut story, log) = eva_comes_and_goes(visible);
        let mut page = story.answer(Via::History, &[log[0].clone(), log[2].clone()]);
        // She asked while she was a member.
        page.asked = 5_500_000;
        story.page("eva", page).dump(&log);
        if right {
            story.keeps("visible")
        } else {
            assert_eq!(story.breaks("visible"), [12])
        }
    }
}

#[test]
fn what_comes_live_after_the_leaving_is_a_fault_and_the_leaving_itself_isn_t() {
    let (mut story, log) = eva_comes_and_goes(HistoryVisible::All);
    for event in &log[1..4] {
        story.live("eva", event.clone());
    }
    story.dump(&log);
    story.keeps("visible");
    story.live("eva", log[4].clone());
    assert_eq!(story.breaks("visible"), [16]);
}

#[test]
fn an_answer_asked_for_after_the_leaving_is_a_fault() {
    let (mut story, log) = eva_comes_and_goes(HistoryVisible::All);
    let mut page = story.answer(Via::History, &[log[0].clone(), log[2].clone()]);
    page.has_more = true;
    story.page("eva", page.clone()).dump(&log);
    assert_eq!(story.breaks("visible"), [9, 12]);
    page.asked = 8_500_000;
    story.records[11].what = What::Page(page);
    story.keeps("visible");
}

#[test]
fn who_is_about_to_be_back_may_read_again() {
    let (mut story, log) = eva_comes_and_goes(HistoryVisible::All);
    story.intent(
        "ana",
        "back",
        Op::Add {
            users: names(&["eva"]),
        },
    );
    let mut page = story.answer(Via::History, &[log[0].clone(), log[2].clone()]);
    page.has_more = true;
    story.page("eva", page).ack("ana", "back", Some(6));
    let mut log = log;
    log.push(moved(6, "ana", &["eva"], &[]));
    story.dump(&log);
    story.keeps("visible");
}

#[test]
fn who_is_let_in_again_may_hear_what_was_on_its_way_and_nobody_before_that() {
    for (visible, asked_first, right) in [
        (HistoryVisible::All, true, true),
        (HistoryVisible::All, false, false),
        (HistoryVisible::Joined, true, false),
    ] {
        let (mut story, mut log) = eva_comes_and_goes(visible);
        let back = Op::Add {
            users: names(&["eva"]),
        };
        if !asked_first {
            story.live("eva", log[4].clone());
        }
        story.done("ana", "back", back, Some(6));
        log.push(moved(6, "ana", &["eva"], &[]));
        if asked_first {
            story.live("eva", log[4].clone());
        }
        story.live("eva", log[5].clone()).dump(&log);
        if right {
            story.keeps("visible")
        } else {
            assert_eq!(story.breaks("visible").len(), 1)
        }
    }
}

#[test]
fn an_edit_of_what_one_may_not_see_must_be_hidden() {
    for shown in [true, false] {
        let (mut story, mut log) = eva_comes_and_goes(HistoryVisible::Joined);
        story.records.truncate(7);
        log.truncate(3);
        let edit = Event {
            change_seq: Some(4),
            ..change(4, Kind::Edit, "ana", 1)
        };
        log.push(edit.clone());
        story
            .live("eva", if shown { edit } else { hidden(4) })
            .dump(&log);
        if shown {
            assert_eq!(story.breaks("visible"), [8])
        } else {
            story.keeps("visible")
        }
    }
}

#[test]
fn a_member_from_the_start_came_in_where_the_log_says_so() {
    let log = [
        moved(1, "ana", &["ana"], &[]),
        moved(2, "ana", &["ben"], &[]),
    ];
    let mut story = Story::visible(&["ana", "ben"], HistoryVisible::Joined);
    let [first, second] = log.clone();
    story
        .live("ana", first.clone())
        .live("ben", hidden(1))
        .live("ben", second);
    story.dump(&log);
    story.keeps("visible");
    story.live("ben", first);
    assert_eq!(story.breaks("visible"), [6]);
}

fn mark(seq: u64, asked: Option<u64>) -> What {
    What::Mark(Mark {
        chat: "c".into(),
        user: "ana".into(),
        id: id(seq),
        asked,
    })
}

#[test]
fn a_mark_told_lower_than_before_has_moved_back() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .note(Some("ben"), mark(5, None))
        .note(Some("ben"), mark(4, None));
    assert_eq!(story.breaks("read-mark"), [2, 3]);
}

#[test]
fn a_mark_read_lower_than_acknowledged_has_moved_back() {
    let mut story = Story::of(&["ana", "ben"]);
    story.done(
        "ana",
        "r",
        Op::Read {
            id: id(5),
            unread: false,
        },
        None,
    );
    let asked = Some(story.at + 1);
    story.note(Some("ana/2"), mark(4, asked));
    assert_eq!(story.breaks("read-mark"), [3, 4]);
    // Asked for before the acknowledgement it may be the older one.
    story.records.last_mut().unwrap().what = mark(4, Some(story.at - 1_000_000));
    story.keeps("read-mark");
}

#[test]
fn a_mark_moves_back_where_unread_says_so() {
    let mut story = Story::of(&["ana", "ben"]);
    story.done(
        "ana",
        "r",
        Op::Read {
            id: id(5),
            unread: false,
        },
        None,
    );
    story.note(Some("ben"), mark(5, None));
    story.done(
        "ana",
        "u",
        Op::Read {
            id: id(3),
            unread: true,
        },
        None,
    );
    story
        .note(Some("ben"), mark(3, None))
        .note(Some("ben"), mark(4, None));
    story.keeps("read-mark");
    story.note(Some("ben"), mark(2, None));
    assert_eq!(story.breaks("read-mark"), [8, 9]);
}

fn unread(count: u64, mark: Option<u64>, seq: u64) -> What {
    let mark = mark.map(id);
    What::Unread(Unread {
        chat: "c".into(),
        epoch: 1,
        seq,
        mark,
        count,
        capped: false,
    })
}

#[test]
fn unread_counts_messages_of_others_that_aren_t_deleted_after_the_mark() {
    // 1 ana, 2 ben, 3 ana, 4 reaction, 5 ben, 6 deletion of 5.
    let log = [
        message(1, "ana", "k1"),
        message(2, "ben", "k2"),
        message(3, "ana", "k3"),
        change(4, Kind::Reaction, "ben", 1),
        Event {
            deleted: true,
            digest: None,
            change_seq: Some(6),
            ..message(5, "ben", "k5")
        },
        change(6, Kind::Deletion, "ben", 5),
    ];
    for (user, mark, seq, right) in [
        ("ana", None, 6, 1),
        ("ana", None, 5, 2),
        ("ana", Some(2), 5, 1),
        ("ana", Some(5), 6, 0),
        ("ben", None, 6, 2),
        ("ben", Some(1), 6, 1),
    ] {
        for count in [right, right + 1] {
            let mut story = Story::of(&["ana", "ben"]);
            story.dump(&log).note(Some(user), unread(count, mark, seq));
            if count == right {
                story.keeps("unread")
            } else {
                assert_eq!(story.breaks("unread"), [3])
            }
        }
    }
}

#[test]
fn what_is_unread_for_one_who_is_let_in_again_above_the_head_is_nobody_s_promise() {
    let (mut story, mut log) = eva_comes_and_goes(HistoryVisible::All);
    let back = Op::Add {
        users: names(&["eva"]),
    };
    story.done("ana", "back", back, Some(6));
    log.push(moved(6, "ana", &["eva"], &[]));
    story.dump(&log);
    for (seq, right) in [(5, true), (6, false)] {
        let mut told = Story {
            records: story.records.clone(),
            at: story.at,
        };
        told.note(Some("eva"), unread(7, Some(1), seq));
        if right {
            let report = told.report();
            assert!(report.passed(), "{report}");
            assert_eq!(report.verdict("unread").unwrap().unchecked, 1);
        } else {
            assert_eq!(told.breaks("unread").len(), 1)
        }
    }
}

#[test]
fn unread_starts_where_one_joined() {
    for (count, right) in [(1, true), (2, false)] {
        let (mut story, log) = eva_comes_and_goes(HistoryVisible::All);
        story.note(Some("eva"), unread(count, None, 3)).dump(&log);
        if right {
            story.keeps("unread")
        } else {
            assert_eq!(story.breaks("unread"), [12])
        }
    }
}

#[test]
fn typing_after_leaving_is_a_fault() {
    let typing = |user: &str| {
        What::Typing(Typing {
            chat: "c".into(),
            user: user.into(),
        })
    };
    for (typist, observer) in [("eva", "ben"), ("ben", "eva")] {
        let (mut story, log) = eva_comes_and_goes(HistoryVisible::All);
        story.note(Some(observer), typing(typist)).dump(&log);
        story.keeps("typing");
        story.wait(3).note(Some(observer), typing(typist));
        assert_eq!(story.breaks("typing"), [9, 14]);
    }
}

fn presence(user: &str, online: bool) -> What {
    What::Presence(Presence {
        user: user.into(),
        online,
        asked: None,
    })
}

/// Ben watches ana, who is online and then is cut off or closes.
fn ana_goes(clean: bool) -> Story {
    let mut story = Story::of(&["ana", "ben"]);
    story.note(Some("ben"), What::Open);
    story.note(
        Some("ben"),
        What::Watch(Watch {
            users: names(&["ana"]),
            on: true,
        }),
    );
    story
        .note(Some("ana"), What::Open)
        .note(Some("ben"), presence("ana", true));
    story.note(Some("ana"), What::Close(Close { clean }));
    story
}

#[test]
fn presence_that_isn_t_gone_in_time_is_a_fault() {
    for (clean, seconds) in [(false, 52), (true, 7)] {
        let mut story = ana_goes(clean);
        story.wait(seconds + 1).note(None, What::Quiet);
        assert_eq!(story.breaks("presence"), [5, 6]);
        let mut story = ana_goes(clean);
        story
            .wait(seconds - 1)
            .note(Some("ben"), presence("ana", false));
        story.wait(2).note(None, What::Quiet);
        story.keeps("presence");
    }
}

#[test]
fn presence_of_somebody_who_comes_back_in_time_needn_t_go() {
    let mut story = ana_goes(true);
    story.wait(3).note(Some("ana/2"), What::Open);
    story.wait(60).note(None, What::Quiet);
    story.keeps("presence");
    story.note(Some("ben"), presence("ana", false));
    assert_eq!(story.breaks("presence"), [9]);
}

#[test]
fn others_may_be_told_of_somebody_who_comes_back_just_before_the_own_session_is() {
    for (seconds, is_in_time) in [(1, true), (3, false)] {
        let mut story = ana_goes(true);
        story.wait(6).note(Some("ben"), presence("ana", false));
        story.wait(20).note(Some("ben"), presence("ana", true));
        story.wait(seconds).note(Some("ana/2"), What::Open);
        match is_in_time {
            true => story.keeps("presence"),
            false => assert_eq!(story.breaks("presence"), [6, 8]),
        }
    }
}

#[test]
fn nobody_is_told_of_whom_they_no_longer_watch() {
    let mut story = ana_goes(true);
    story.note(
        Some("ben"),
        What::Watch(Watch {
            users: names(&["ana"]),
            on: false,
        }),
    );
    story.wait(60).note(None, What::Quiet);
    story.keeps("presence");
}

#[test]
fn a_rule_without_anything_to_check_says_so() {
    let report = Story::of(&["ana"]).report();
    assert!(report.passed());
    assert_eq!(report.vacuous().len(), report.rules.len());
    assert!(
        report
            .to_string()
            .contains("unread               nothing to check"),
        "{report}"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["rules"][0]["rule"], "lost");
    assert_eq!(json["counts"]["chats"], 1);
}

#[test]
fn a_record_that_makes_no_sense_is_named_and_the_rest_is_checked() {
    let mut story = Story::of(&["ana", "ben"]);
    story.ack("ana", "k0", Some(9)).sent("ana", "k1", 1);
    story.note(None, What::Open);
    story.at = 0;
    story.note(None, What::Quiet);
    let report = story.report();
    let lines: Vec<_> = report
        .malformed
        .iter()
        .map(|malformed| malformed.line)
        .collect();
    assert_eq!(lines, [2, 5, 6], "{report}");
    assert_eq!(report.counts.acks, 1);
    assert!(!report.passed());
}
