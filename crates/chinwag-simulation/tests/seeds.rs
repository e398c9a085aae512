//! Seeds are played by the program, each in a process of its own; `make simulate` plays more of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

/// Seeds that every change must keep.
const SEEDS: &str = "0..500";
/// Seeds beyond those that showed a fault of ours once.
const ONCE_BROKEN: [&str; 5] = ["1214", "1551", "2466", "4770", "4846"];
/// Seeds within which a planted fault must be found.
const FOUND_WITHIN: &str = "0..500";

fn simulation(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chinwag-simulation"))
        .args(arguments)
        .output()
        .unwrap()
}

/// Holds that the program is content; shows what it printed where it isn't.
fn holds(arguments: &[&str]) {
    let output = simulation(arguments);
    let (told, errors) = (&output.stdout, &output.stderr);
    let (told, errors) = (
        String::from_utf8_lossy(told),
        String::from_utf8_lossy(errors),
    );
    assert!(output.status.success(), "{arguments:?}: {told}{errors}");
}

#[test]
fn every_promise_is_kept_whatever_goes_wrong() {
    holds(&[SEEDS]);
}

#[test]
fn what_was_broken_once_stays_mended() {
    for seed in ONCE_BROKEN {
        holds(&[seed]);
    }
}

#[test]
fn a_seed_replays_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let play = |name: &str| {
        let history = directory.path().join(name);
        holds(&["7", "--history", history.to_str().unwrap()]);
        std::fs::read(history).unwrap()
    };
    let once = play("once");
    assert!(once.len() > 1_000_000, "much is written down");
    assert!(once == play("again"), "byte for byte");
}

macro_rules! planted {
    ($($test:ident: $plant:literal;)*) => {
        $(
            #[test]
            fn $test() {
                holds(&[FOUND_WITHIN, "--plant", $plant]);
            }
        )*
    };
}

planted! {
    what_is_acknowledged_before_it_is_stored_is_found: "unstored";
    a_place_over_a_hole_is_found: "hole";
    a_lease_that_outlives_a_freeze_is_found: "freeze-unnoticed";
    a_request_that_is_done_twice_is_found: "forgotten-requests";
    a_bus_that_loses_in_silence_is_found: "silent-bus";
    a_queue_that_loses_is_found: "lossy-queue";
    somebody_who_left_and_stays_online_is_found: "sticky-presence";
    an_end_of_a_chat_that_is_none_any_more_is_found: "stale-heads";
    a_mark_that_is_not_kept_is_found: "lost-marks";
}
