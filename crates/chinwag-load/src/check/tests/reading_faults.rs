//! Faults of reading: gaps, pages, epochs, deleted texts. Each beside a near miss.

use super::story::*;
use crate::check::history::*;

fn three_sent() -> (Story, [Event; 3]) {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .sent("ana", "k1", 1)
        .sent("ana", "k2", 2)
        .sent("ana", "k3", 3);
    let log = [
        message(1, "ana", "k1"),
        message(2, "ana", "k2"),
        message(3, "ana", "k3"),
    ];
    (story, log)
}

#[test]
fn an_answer_of_events_that_skips_a_place_has_a_gap() {
    let (mut story, [first, _, third]) = three_sent();
    let mut page = story.answer(Via::Events, &[first, third]);
    page.after = Some(0);
    story.page("ben", page);
    assert_eq!(story.breaks("gap"), [8]);
}

#[test]
fn an_answer_that_ends_before_what_was_acknowledged_has_a_gap() {
    let (mut story, [first, second, _]) = three_sent();
    let mut page = story.answer(Via::Events, &[first, second]);
    page.after = Some(0);
    story.page("ben", page.clone());
    assert_eq!(story.breaks("gap"), [8]);
    // It may end there if it says that more follows, or was asked for before.
    page.has_more = true;
    *story.records.last_mut().unwrap() = Record {
        what: What::Page(page.clone()),
        ..story.records.last().unwrap().clone()
    };
    story.keeps("gap");
    page.has_more = false;
    page.asked = 6_500_000;
    story.records.last_mut().unwrap().what = What::Page(page);
    story.keeps("gap");
}

#[test]
fn hidden_fills_a_place() {
    let (mut story, [first, _, third]) = three_sent();
    let mut page = story.answer(Via::Events, &[first, hidden(2), third]);
    page.after = Some(0);
    story.page("ben", page);
    assert_eq!(story.report().verdict("gap").unwrap().found, 0);
    // But who may see a place must not find it hidden.
    story.dump(&[
        message(1, "ana", "k1"),
        message(2, "ana", "k2"),
        message(3, "ana", "k3"),
    ]);
    assert_eq!(story.breaks("visible"), [8, 9]);
}

#[test]
fn a_claim_over_a_hole_is_a_gap() {
    let (mut story, [first, second, third]) = three_sent();
    let prefix = Prefix {
        chat: "c".into(),
        epoch: 1,
        seq: 3,
    };
    story.live("ben", first).live("ben", third);
    story.note(Some("ben"), What::Prefix(prefix.clone()));
    assert_eq!(story.breaks("gap"), [8, 10]);
    // Repaired before the claim, by the same device.
    story.records.pop();
    let mut repair = story.answer(Via::Events, &[second]);
    (repair.after, repair.has_more) = (Some(1), true);
    story
        .page("ben", repair)
        .note(Some("ben"), What::Prefix(prefix));
    story.keeps("gap");
}

#[test]
fn another_device_s_repair_doesn_t_fill_the_hole() {
    let (mut story, [first, second, third]) = three_sent();
    story
        .live("ben", first)
        .live("ben", third)
        .live("ben/2", second);
    let prefix = Prefix {
        chat: "c".into(),
        epoch: 1,
        seq: 3,
    };
    story.note(Some("ben"), What::Prefix(prefix));
    assert_eq!(story.breaks("gap"), [8, 11]);
}

#[test]
fn a_limited_sync_lets_a_client_begin_anew() {
    let (mut story, [first, _, third]) = three_sent();
    story.live("ben", first);
    let mut sync = story.answer(Via::Sync, &[third]);
    (sync.after, sync.limited, sync.head) = (Some(1), true, Some(3));
    story.page("ben", sync.clone());
    let prefix = Prefix {
        chat: "c".into(),
        epoch: 1,
        seq: 3,
    };
    story.note(Some("ben"), What::Prefix(prefix));
    story.keeps("gap");
    sync.limited = false;
    story.records[8].what = What::Page(sync);
    assert_eq!(story.breaks("gap"), [9]);
}

#[test]
fn an_open_device_that_lacks_something_at_a_quiet_moment_has_a_gap() {
    let mut story = Story::of(&["ana", "ben"]);
    story.note(Some("ben"), What::Open);
    story
        .sent("ana", "k1", 1)
        .live("ben", message(1, "ana", "k1"))
        .sent("ana", "k2", 2);
    let quiet = |story: &mut Story| {
        story.note(None, What::Quiet);
    };
    quiet(&mut story);
    assert_eq!(story.breaks("gap"), [5, 8]);
    // A closed one lacks nothing.
    story.records.pop();
    story.note(Some("ben"), What::Close(Close { clean: true }));
    quiet(&mut story);
    story.live("ben", message(2, "ana", "k2"));
    assert!(story.report().passed(), "{}", story.report());
}

#[test]
fn an_open_device_that_never_heard_of_a_chat_has_a_gap() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .note(Some("ben"), What::Open)
        .sent("ana", "k1", 1)
        .note(None, What::Quiet);
    assert_eq!(story.breaks("gap"), [2, 4, 5]);
    // It opened after the message: that is sync's to tell.
    let mut story = Story::of(&["ana", "ben"]);
    story
        .sent("ana", "k1", 1)
        .note(Some("ben"), What::Open)
        .note(None, What::Quiet);
    assert!(story.report().passed(), "{}", story.report());
}

#[test]
fn a_page_that_lacks_a_message_between_its_bounds_is_wrong() {
    let (mut story, [first, second, third]) = three_sent();
    let mut page = story.answer(Via::History, &[third.clone(), first.clone()]);
    page.newest_first = true;
    story.live("ben", second.clone()).page("ben", page.clone());
    assert_eq!(story.breaks("page"), [8, 9]);
    page.events = vec![third, second, first];
    story.records.last_mut().unwrap().what = What::Page(page);
    story.keeps("page");
}

#[test]
fn a_page_that_repeats_its_cursor_is_wrong_and_one_that_stops_early_says_so() {
    let (mut story, [first, second, third]) = three_sent();
    story.dump(&[first.clone(), second.clone(), third.clone()]);
    let mut page = story.answer(Via::History, &[third, second.clone()]);
    (page.newest_first, page.before_id, page.has_more) = (true, Some(id(3)), true);
    story.page("ben", page.clone());
    assert_eq!(story.breaks("page"), [9]);
    page.events = vec![second.clone()];
    story.records.last_mut().unwrap().what = What::Page(page.clone());
    story.keeps("page");
    page.has_more = false;
    story.records.last_mut().unwrap().what = What::Page(page.clone());
    assert_eq!(story.breaks("page"), [8, 9]);
    // Forwards from the first, up to the head.
    (page.before_id, page.newest_first, page.after_id) = (None, false, Some(id(1)));
    story.records.last_mut().unwrap().what = What::Page(page);
    assert_eq!(story.breaks("page"), [8, 9]);
    let _ = first;
}

#[test]
fn a_deleted_text_read_later_is_a_fault() {
    let (mut story, [first, ..]) = three_sent();
    story.done("ana", "d", Op::Delete { target: id(1) }, Some(4));
    let page = story.answer(Via::Search, std::slice::from_ref(&first));
    story.page("ben", page.clone());
    assert_eq!(story.breaks("deleted-text"), [8, 9, 10]);
    // Asked for before the acknowledgement, or shown as a tombstone, it's none.
    let tombstone = Event {
        deleted: true,
        digest: None,
        change_seq: Some(4),
        ..first
    };
    let early = Page {
        asked: 7_500_000,
        ..page.clone()
    };
    let gone = Page {
        events: vec![tombstone],
        ..page
    };
    story.records.last_mut().unwrap().what = What::Page(early);
    story.page("ben", gone);
    story.keeps("deleted-text");
}

#[test]
fn a_deleted_message_that_gets_a_text_again_is_a_fault() {
    let (mut story, _) = three_sent();
    story.live("ben", change(4, Kind::Deletion, "ana", 1));
    let edit = Event {
        digest: Some(digest("back")),
        change_seq: Some(5),
        ..change(5, Kind::Edit, "ana", 1)
    };
    story.live("ben", edit);
    assert_eq!(story.breaks("deleted-text"), [8, 9]);
}

#[test]
fn an_epoch_that_falls_is_a_fault() {
    let at = |epoch, seq| Event {
        epoch,
        ..hidden(seq)
    };
    let mut story = Story::of(&["ana", "ben"]);
    story.note(
        None,
        What::Server(Server {
            node: "n".into(),
            state: ServerState::Restored,
        }),
    );
    story
        .live("ben", at(1, 4))
        .live("ana", at(2, 4))
        .live("ben", at(1, 5))
        .live("ben", at(2, 5));
    story.keeps("epoch");
    story.live("ben", at(1, 6));
    assert_eq!(story.breaks("epoch"), [6, 7]);
}

#[test]
fn an_answer_of_an_epoch_that_was_over_is_a_fault() {
    let mut story = Story::of(&["ana", "ben"]);
    story.note(
        None,
        What::Server(Server {
            node: "n".into(),
            state: ServerState::Restored,
        }),
    );
    story.live("ana", hidden(4)).live(
        "ana",
        Event {
            epoch: 2,
            ..hidden(4)
        },
    );
    let mut page = story.answer(Via::Events, &[hidden(4)]);
    page.after = Some(3);
    story.page("ben", page.clone());
    assert_eq!(story.breaks("epoch"), [4, 5]);
    page.asked = 2_500_000;
    story.records.last_mut().unwrap().what = What::Page(page);
    story.keeps("epoch");
}
