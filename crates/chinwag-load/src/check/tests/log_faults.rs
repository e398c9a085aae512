//! Faults of the log: lost, doubled, out of order, altered. Each beside a near miss.

use super::story::*;
use crate::check::history::*;

#[test]
fn an_acknowledged_message_that_the_log_lacks_is_lost() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 1).sent("ana", "k2", 2);
    story.dump(&[message(1, "ana", "k1")]);
    // The dump's own end lies before the acknowledged place, so it shows as a gap as well.
    let report = story.report();
    assert_eq!(report.verdict("lost").unwrap().found, 1, "{report}");
    assert_eq!(
        report.verdict("lost").unwrap().violations[0].evidence,
        [4, 5, 6]
    );
}

#[test]
fn a_message_acknowledged_after_the_dump_was_asked_for_isn_t_lost() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 1).send("ana", "k2");
    let mut dump = story.answer(Via::Dump, &[message(1, "ana", "k1")]);
    dump.asked = story.at;
    story.ack("ana", "k2", Some(2)).page("auditor", dump);
    story.keeps("lost");
    assert_eq!(story.report().verdict("lost").unwrap().unchecked, 1);
}

#[test]
fn a_message_that_somebody_saw_and_the_log_lacks_is_lost() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .sent("ana", "k1", 1)
        .send("ana", "k2")
        .live("ben", message(2, "ana", "k2"));
    story.unknown("ana", "k2").dump(&[message(1, "ana", "k1")]);
    assert_eq!(story.breaks("lost"), [5, 7]);
}

#[test]
fn a_send_of_unknown_outcome_may_be_there_or_not() {
    for landed in [true, false] {
        let mut story = Story::of(&["ana", "ben"]);
        story
            .sent("ana", "k1", 1)
            .send("ana", "k2")
            .unknown("ana", "k2");
        let log = [message(1, "ana", "k1"), message(2, "ana", "k2")];
        story.dump(if landed { &log } else { &log[..1] });
        story.keeps("lost");
    }
}

#[test]
fn a_loss_that_was_accepted_isn_t_reported() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 1).sent("ana", "k2", 2);
    let restored = Server {
        node: "n".into(),
        state: ServerState::Restored,
    };
    story.note(None, What::Server(restored));
    let kept = Event {
        epoch: 2,
        ..message(1, "ana", "k1")
    };
    let mut dump = story.answer(Via::Dump, &[kept]);
    dump.epoch = 2;
    story.page("auditor", dump);
    assert!(story.report().passed(), "{}", story.report());
    assert_eq!(story.report().verdict("lost").unwrap().unchecked, 2);
    // The same without the marker: an epoch must not rise, and nothing may be gone.
    story
        .records
        .retain(|record| !matches!(record.what, What::Server(_)));
    let report = story.report();
    assert_eq!(report.verdict("lost").unwrap().found, 1, "{report}");
    assert_eq!(report.verdict("epoch").unwrap().found, 1, "{report}");
}

#[test]
fn a_retry_that_takes_a_second_place_is_doubled() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .unknown("ana", "k1")
        .sent("ana", "k1", 2);
    story.dump(&[message(1, "ana", "k1"), message(2, "ana", "k1")]);
    assert_eq!(story.breaks("doubled"), [2, 6]);
}

#[test]
fn a_retry_that_is_answered_with_another_event_is_doubled() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 1).sent("ana", "k1", 2);
    assert_eq!(story.breaks("doubled"), [2, 3, 5]);
}

#[test]
fn the_same_client_id_of_two_users_is_two_messages() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .unknown("ana", "k1")
        .sent("ana", "k1", 1)
        .sent("ben", "k1", 2);
    story.dump(&[message(1, "ana", "k1"), message(2, "ben", "k1")]);
    story.keeps("doubled");
}

#[test]
fn one_message_at_two_places_is_shown_twice() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .sent("ana", "k1", 1)
        .live("ben", message(1, "ana", "k1"));
    story.live(
        "ben",
        Event {
            id: Some(id(1)),
            ..message(2, "ana", "k1")
        },
    );
    let report = story.report();
    assert_eq!(report.verdict("shown-twice").unwrap().found, 1, "{report}");
}

#[test]
fn one_request_shown_under_two_ids_is_shown_twice() {
    let mut story = Story::of(&["ana", "ben"]);
    story.send("ana", "k1").live("ben", message(1, "ana", "k1"));
    story.live("ben", message(2, "ana", "k1"));
    assert_eq!(story.breaks("shown-twice"), [3, 4]);
}

#[test]
fn one_request_acknowledged_as_one_event_and_shown_as_another_is_shown_twice() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .sent("ana", "k1", 2)
        .live("ben", message(1, "ana", "k1"));
    story.live("ben", message(2, "ana", "another"));
    assert_eq!(story.breaks("shown-twice"), [3, 4]);
}

#[test]
fn one_id_acknowledged_for_two_requests_is_shown_twice() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 1).sent("ben", "k2", 1);
    assert_eq!(story.breaks("shown-twice"), [2, 3, 4, 5]);
}

#[test]
fn an_event_that_comes_again_isn_t_shown_twice() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .sent("ana", "k1", 1)
        .live("ben", message(1, "ana", "k1"));
    // Another session may not be told the clientId.
    let silent = Event {
        client_id: None,
        ..message(1, "ana", "k1")
    };
    story
        .live("ben", message(1, "ana", "k1"))
        .live("ben/2", silent);
    story.keeps("shown-twice");
}

#[test]
fn a_place_that_holds_two_events_breaks_the_one_order() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .send("ben", "k2")
        .live("ana", message(1, "ana", "k1"));
    story.live(
        "ben",
        Event {
            id: Some(id(9)),
            ..message(1, "ben", "k2")
        },
    );
    assert_eq!(story.breaks("one-order"), [4, 5]);
}

#[test]
fn an_acknowledged_place_that_shows_another_event_breaks_the_one_order() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 1).send("ben", "k2");
    story.live(
        "ben",
        Event {
            id: Some(id(9)),
            ..message(1, "ben", "k2")
        },
    );
    assert_eq!(story.breaks("one-order"), [3, 5]);
}

#[test]
fn ids_that_fall_while_places_rise_break_the_one_order() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .send("ben", "k2")
        .live("ben", message(2, "ben", "k2"));
    story.live(
        "ben",
        Event {
            id: Some(id(7)),
            ..message(1, "ana", "k1")
        },
    );
    assert_eq!(story.breaks("one-order"), [4, 5]);
}

#[test]
fn an_answer_in_another_order_breaks_the_one_order() {
    let [first, second] = [message(1, "ana", "k1"), message(2, "ana", "k2")];
    for (newest_first, right) in [(true, false), (false, true)] {
        let mut story = Story::of(&["ana", "ben"]);
        story.sent("ana", "k1", 1).sent("ana", "k2", 2);
        let mut page = story.answer(Via::History, &[first.clone(), second.clone()]);
        page.newest_first = newest_first;
        story.page("ben", page);
        if right {
            story.keeps("one-order")
        } else {
            assert_eq!(story.breaks("one-order"), [6])
        }
    }
}

#[test]
fn a_message_sent_after_an_acknowledgement_and_placed_before_it_breaks_the_order_of_acks() {
    let mut story = Story::of(&["ana", "ben"]);
    story.sent("ana", "k1", 2).sent("ana", "k2", 1);
    assert_eq!(story.breaks("ack-order"), [3, 4, 5]);
}

#[test]
fn two_messages_in_flight_at_once_may_land_either_way() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .send("ana", "k2")
        .ack("ana", "k1", Some(2))
        .ack("ana", "k2", Some(1));
    story.sent("ana", "k3", 3);
    story.keeps("ack-order");
}

#[test]
fn a_retry_of_an_earlier_message_may_be_answered_with_its_earlier_place() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .unknown("ana", "k1")
        .sent("ana", "k2", 2)
        .sent("ana", "k1", 1);
    story.sent("ana", "k3", 3);
    story.keeps("ack-order");
}

#[test]
fn a_refused_message_that_shows_has_landed() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .refused("ana", "k1")
        .live("ben", message(1, "ana", "k1"));
    assert_eq!(story.breaks("refused-landed"), [2, 4]);
}

#[test]
fn a_message_refused_once_may_land_by_another_try() {
    let mut story = Story::of(&["ana", "ben"]);
    story
        .send("ana", "k1")
        .unknown("ana", "k1")
        .send("ana", "k1")
        .refused("ana", "k1");
    story
        .send("ana", "k2")
        .refused("ana", "k2")
        .live("ben", message(1, "ana", "k1"));
    story.keeps("refused-landed");
}

#[test]
fn a_text_that_isn_t_what_was_sent_is_altered() {
    let mut story = Story::of(&["ana", "ben"]);
    let cut = Event {
        digest: Some(digest("k")),
        ..message(1, "ana", "k1")
    };
    story.sent("ana", "k1", 1).live("ben", cut);
    assert_eq!(story.breaks("altered"), [2, 4]);
}

#[test]
fn an_edited_text_is_the_last_edit_s() {
    let edited = |seq, text| Event {
        digest: Some(digest(text)),
        change_seq: Some(seq),
        ..message(1, "ana", "k1")
    };
    let edit = |seq, text| Event {
        digest: Some(digest(text)),
        change_seq: Some(seq),
        client_id: None,
        ..change(seq, Kind::Edit, "ana", 1)
    };
    let op = |text| Op::Edit {
        target: id(1),
        digest: digest(text),
    };
    for (last, right) in [("two", true), ("one", false), ("k1", false)] {
        let mut story = Story::of(&["ana", "ben"]);
        story.sent("ana", "k1", 1);
        story
            .done("ana", "e1", op("one"), Some(2))
            .done("ana", "e2", op("two"), Some(3));
        story.dump(&[edited(3, last), edit(2, "one"), edit(3, last)]);
        if right {
            story.keeps("altered");
        } else {
            assert!(
                story.report().verdict("altered").unwrap().found >= 1,
                "{}",
                story.report()
            );
        }
    }
}

#[test]
fn one_state_that_reads_differently_for_two_isn_t_the_same_content() {
    // The author isn't recorded, so only the observers can be held against each other.
    let mut story = Story::of(&["ana", "ben", "eva"]);
    let other = Event {
        digest: Some(digest("else")),
        ..message(1, "ana", "k1")
    };
    story.live("ben", message(1, "ana", "k1"));
    let page = story.answer(Via::History, &[other]);
    story.page("eva", page);
    assert_eq!(story.breaks("same-content"), [2, 3]);
}

#[test]
fn two_states_of_a_message_may_read_differently() {
    let mut story = Story::of(&["ana", "ben", "eva"]);
    let later = Event {
        digest: Some(digest("else")),
        change_seq: Some(2),
        ..message(1, "ana", "k1")
    };
    story.live("ben", message(1, "ana", "k1"));
    let page = story.answer(Via::History, &[later]);
    story.page("eva", page);
    story.keeps("same-content");
}
