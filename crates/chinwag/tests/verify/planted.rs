//! What the wire breaks in the server's name is found, by the rule that is for it.

use crate::{broken, report, told, verify};

/// Runs with a breach; answers what was found.
fn found(plant: &str, rules: &[&str]) {
    found_within("5", plant, rules);
}

/// Runs so many seconds with a breach.
fn found_within(seconds: &str, plant: &str, rules: &[&str]) {
    let small = ["--users", "5", "--groups", "2", "--rate", "120"];
    let times = ["--duration", seconds, "--patience", "6"];
    let breach = ["--faults", "none", "--plant", plant];
    let output = verify(&[&small[..], &times, &breach].concat());
    let report = report(&output);
    assert_eq!(output.status.code(), Some(3), "{plant}: {}", told(&output));
    assert_eq!(report["verdict"], "broken");
    assert!(
        report["run"]["planted"]["breaches"].as_u64().unwrap() > 0,
        "{plant} was planted: {report}"
    );
    let broken = broken(&report);
    let fitting = rules.iter().all(|rule| broken.contains(rule));
    assert!(fitting, "{plant} breaks {rules:?}, found {broken:?}");
    let shown = report["evidence"].as_object().unwrap();
    assert!(!shown.is_empty(), "{plant}: the lines are shown");
    let kept = report["history"].as_str().unwrap();
    std::fs::remove_file(kept).unwrap();
}

#[test]
fn a_message_that_is_acknowledged_and_not_stored() {
    found("lost", &["lost"]);
}

#[test]
fn a_message_that_is_shown_under_two_ids() {
    found("doubled", &["shown-twice", "one-order"]);
}

#[test]
fn a_text_that_is_stored_otherwise() {
    found("altered", &["altered"]);
}

#[test]
fn a_message_that_a_device_is_never_told_of() {
    found("swallowed", &["gap"]);
}

#[test]
fn two_messages_that_change_places() {
    found("reordered", &["one-order"]);
}

#[test]
fn a_message_that_a_stranger_sees() {
    found("peek", &["visible"]);
}

#[test]
fn a_mark_that_moves_back() {
    found("mark-back", &["read-mark"]);
}

#[test]
fn a_count_that_is_too_high() {
    found("miscounted", &["unread"]);
}

#[test]
fn a_text_that_was_deleted() {
    found("undeleted", &["deleted-text"]);
}

#[test]
fn somebody_who_has_left_and_stays_online() {
    // So long a visitor is there and gone, and the grace of a page that is loaded again is over.
    found_within("12", "haunted", &["presence"]);
}
