//! A history that was altered by hand doesn't pass, whatever the server did.

use std::fs;

use serde_json::Value;

use crate::{broken, report, told, verify};

#[test]
fn a_log_without_a_message_that_was_acknowledged_and_one_that_is_cut_short() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("history.jsonl");
    let kept = kept.to_str().unwrap();
    let small = ["--users", "4", "--groups", "1", "--duration", "3"];
    let output = verify(&[&small[..], &["--faults", "none", "--history", kept]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));

    let whole = fs::read_to_string(kept).unwrap();
    fs::write(kept, without_a_dumped_message(&whole)).unwrap();
    let output = verify(&["--check", kept]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
    let report = report(&output);
    assert!(broken(&report).contains(&"lost"), "{report}");

    fs::write(kept, &whole[..whole.len() - 20]).unwrap();
    let output = verify(&["--check", kept]);
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
}

/// Takes one message out of the first dump that has one.
fn without_a_dumped_message(whole: &str) -> String {
    let mut altered = false;
    let lines = whole.lines().map(|line| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let page = record["what"].get_mut("page");
        let Some(page) = page.filter(|page| !altered && page["via"] == "dump") else {
            return line.to_owned();
        };
        let events = page["events"].as_array_mut().unwrap();
        if let Some(at) = events.iter().position(|event| event["kind"] == "message") {
            events.remove(at);
            altered = true;
        }
        record.to_string()
    });
    lines.map(|line| line + "\n").collect()
}
