//! `chinwag verify` as a person runs it, in small: that it finds nothing where nothing is wrong, and what is planted.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod altered_history;
#[path = "../bench/binary.rs"]
mod binary;
mod planted;
mod servers;

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::Output,
};

use chinwag_server::{Server, config::Config};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

use binary::chinwag;

fn verify(arguments: &[&str]) -> Output {
    chinwag("verify", &[arguments, &["--json"]].concat())
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(output)))
}

fn told(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!(
        "{}\n{}",
        String::from_utf8_lossy(out),
        String::from_utf8_lossy(err)
    )
}

/// Names the rules that found something.
fn broken(report: &Value) -> Vec<&str> {
    let rules = report["check"]["rules"].as_array().unwrap();
    let found = rules.iter().filter(|rule| rule["found"] != 0);
    found.map(|rule| rule["rule"].as_str().unwrap()).collect()
}

#[test]
fn every_promise_holds_while_connections_are_cut_and_the_server_is_killed_and_frozen() {
    let small = ["--users", "6", "--groups", "3", "--duration", "14"];
    let faults = ["--fault-every", "0.4", "--rate", "150", "--seed", "7"];
    let output = verify(&[&small[..], &faults].concat());
    let report = report(&output);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(report["verdict"], "kept");
    for fault in ["cut", "delay", "kill", "freeze"] {
        let times = report["run"]["faults"][fault].as_u64();
        assert!(times.is_some_and(|times| times > 0), "{fault}: {report}");
    }
    assert_eq!(report["run"]["surprises"]["count"], 0);
    assert!(
        report["history"].is_null(),
        "what proves nothing is thrown away"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_checked_and_left_alone() {
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
    let kept = directory.path().join("history.jsonl");
    let place = ["--server", &url, "--data-dir", data];
    let small = ["--users", "5", "--groups", "2", "--duration", "16"];
    let history = ["--history", kept.to_str().unwrap()];
    let arguments = [&place[..], &small, &history].concat();
    let output = tokio::task::block_in_place(|| verify(&arguments));
    let report = report(&output);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let faults = report["run"]["faults"].as_object().unwrap();
    assert!(!faults.contains_key("kill"), "{faults:?}");
    let rules = report["check"]["rules"].as_array().unwrap();
    let presence = rules.iter().find(|rule| rule["rule"] == "presence");
    let judged = presence.unwrap()["checked"].as_u64().unwrap();
    assert!(judged > 0, "presence is judged where no server dies");
    let again = tokio::task::block_in_place(|| verify(&["--check", kept.to_str().unwrap()]));
    assert_eq!(again.status.code(), Some(0), "{}", told(&again));
    server.shutdown().await;
}

#[test]
fn a_server_that_is_nowhere_is_told_from_a_broken_promise() {
    let nowhere = ["--server", "http://127.0.0.1:9", "--jwt-secret", "nobody's"];
    let output = verify(&nowhere);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
}

#[test]
fn in_a_run_without_groups_people_talk_in_pairs_alone_and_a_compressed_history_says_the_same_again()
{
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("history.jsonl.gz");
    let kept = kept.to_str().unwrap();
    let small = ["--users", "4", "--groups", "0", "--duration", "4"];
    let history = ["--faults", "cut", "--history", kept];
    let output = verify(&[&small[..], &history].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let report = report(&output);

    let file = MultiGzDecoder::new(File::open(kept).unwrap());
    let lines = BufReader::new(file).lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    assert_eq!(report["check"]["lines"], lines.len());
    let made = lines.iter().map(|line| &line["what"]["made"]);
    let group = made
        .filter(|made| made["members"].as_array().is_some_and(|all| all.len() > 2))
        .map(|made| &made["chat"]);
    let [group] = group.collect::<Vec<_>>()[..] else {
        panic!("the visitors' alone")
    };
    let said = lines
        .iter()
        .filter_map(|line| line["what"]["intent"].as_object());
    let (in_group, in_pairs): (Vec<_>, Vec<_>) = said.partition(|said| said["chat"] == *group);
    assert_eq!(in_group.len(), 1, "the last word: {in_group:?}");
    assert!(in_pairs.len() > 100, "{}", in_pairs.len());

    let again = verify(&["--check", kept]);
    assert_eq!(again.status.code(), Some(0), "{}", told(&again));
    assert_eq!(self::report(&again)["check"], report["check"]);
}
