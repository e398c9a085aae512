//! `chinwag bench` as a person runs it, in small: that it works, not how fast anything is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;

use std::process::{Command, Output};

use chinwag_server::{Server, config::Config};
use serde_json::Value;

use binary::chinwag;

fn bench(arguments: &[&str]) -> Output {
    chinwag("bench", arguments)
}

fn report(arguments: &[&str]) -> Value {
    let output = bench(&[arguments, &["--json"]].concat());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

const BRIEF: [&str; 4] = ["--warm-up", "0", "--duration", "0.5"];

#[test]
fn direct_chats_in_a_closed_loop_are_measured_and_checked() {
    let connections = ["direct", "--connections", "6", "--in-flight", "3"];
    let report = report(&[&connections[..], &BRIEF, &["--processes", "2"]].concat());
    let figures = &report["figures"];
    assert!(figures["work"]["count"].as_u64().unwrap() > 0, "{report}");
    assert!(figures["ack"]["p50Ms"].as_f64().unwrap() > 0.0);
    assert!(figures["delivery"]["p99Ms"].as_f64().unwrap() > 0.0);
    assert_eq!(figures["generator"]["processes"], 2);
    assert!(figures["memory"]["afterBytes"].as_u64().unwrap() > 1_000_000);
    assert!(report["target"]["started"]["readyMs"].as_f64().unwrap() > 0.0);
    assert_eq!(report["faults"], 0);
}

#[test]
fn at_a_rate_every_message_that_was_due_is_counted() {
    let rate = ["direct", "--connections", "4", "--rate", "40"];
    let report = report(&[&rate[..], &["--warm-up", "0", "--duration", "1"]].concat());
    // All that were due count in the times, wherever they arrived.
    assert_eq!(report["figures"]["ack"]["count"], 40, "{report}");
    assert_eq!(report["figures"]["delivery"]["count"], 40);
    assert_eq!(report["figures"]["generator"]["lag"]["count"], 40);
}

#[test]
fn each_member_of_a_group_gets_each_message_whichever_process_they_are_in() {
    let members = ["group", "--members", "7", "--senders", "5", "--rate", "20"];
    let times = ["--warm-up", "0", "--duration", "1", "--processes", "3"];
    let report = report(&[&members[..], &times].concat());
    let figures = &report["figures"];
    assert_eq!(figures["work"]["count"], 20 * 6, "{report}");
    assert_eq!(figures["lastDelivery"]["count"], 20);
    assert_eq!(figures["bare"]["lastDelivery"]["count"], 20);
    assert!(figures["bare"]["serverRatio"].is_number());
}

#[test]
fn a_large_group_goes_over_its_topic() {
    let output = {
        let members = ["group", "--members", "12", "--in-flight", "2", "--no-bare"];
        let mut command = Command::new(env!("CARGO_BIN_EXE_chinwag"));
        command.arg("bench").args(members).args(BRIEF).arg("--json");
        command
            .env("CHINWAG_DIRECT_MAX_MEMBERS", "10")
            .output()
            .unwrap()
    };
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(
        report["figures"]["lastDelivery"]["count"].as_u64().unwrap() > 0,
        "{report}"
    );
}

#[test]
fn idle_connections_are_held_and_their_memory_is_told() {
    let report = report(&["idle", "--connections", "20", "--hold", "0.5"]);
    let memory = &report["figures"]["memory"];
    assert!(memory["bytesPerConnection"].is_number(), "{report}");
    assert!(memory["afterBytes"].as_u64().unwrap() > 1_000_000);
}

#[test]
fn a_person_reads_a_table() {
    let output = bench(&[&["direct", "--connections", "2"][..], &BRIEF].concat());
    let text = String::from_utf8(output.stdout).unwrap();
    for words in [
        "direct: connections 2",
        "acknowledged after",
        "one order",
        "start",
    ] {
        assert!(text.contains(words), "{words:?} is missing in:\n{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_measured_by_its_control_socket() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let data = data.to_str().unwrap();
    let pairs = [
        ("listen", "127.0.0.1:0"),
        ("data_dir", data),
        ("limits.rates", "off"),
    ];
    let server = Server::start(Config::of(&pairs).unwrap()).await.unwrap();
    let url = format!("http://{}", server.local_addr().unwrap());
    let pid = std::process::id().to_string();
    let place = ["--server", &url, "--data-dir", data, "--server-pid", &pid];
    let arguments = [&["direct", "--connections", "4"][..], &BRIEF, &place].concat();
    let report = tokio::task::block_in_place(|| report(&arguments));
    assert!(
        report["figures"]["work"]["count"].as_u64().unwrap() > 0,
        "{report}"
    );
    assert_eq!(report["target"]["started"], Value::Null);
    let unnamed = ["direct", "--server", &url];
    let refused = tokio::task::block_in_place(|| bench(&unnamed));
    assert!(!refused.status.success());
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(errors.contains("--jwt-secret"), "{errors}");
    server.shutdown().await;
}

#[test]
fn an_address_that_speaks_tls_is_refused_in_words() {
    let output = bench(&[
        "direct",
        "--server",
        "https://chat.example",
        "--jwt-secret",
        "x",
    ]);
    assert!(!output.status.success());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.contains("plain HTTP"), "{errors}");
}
