//! What goes wrong with the servers of a run: their disk, their clock, and the end of the run itself.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use serde_json::Value;

use crate::{report, told, verify};

const SMALL: [&str; 8] = [
    "--users",
    "5",
    "--groups",
    "2",
    "--rate",
    "100",
    "--fault-every",
    "0.3",
];
/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs with faults of the server; each must have happened.
fn kept(faults: &str, duration: &str) -> Value {
    let arguments = ["--faults", faults, "--duration", duration];
    let output = verify(&[&SMALL[..], &arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let report = report(&output);
    for fault in faults.split(',') {
        let times = report["run"]["faults"][fault].as_u64();
        assert!(times.is_some_and(|times| times > 0), "{fault}: {report}");
    }
    report
}

#[test]
fn nothing_is_lost_on_a_disk_that_is_full_for_a_while_and_who_may_not_mount_one_is_told() {
    if geteuid().is_root() {
        kept("disk,kill", "10");
        return;
    }
    let output = verify(&["--faults", "disk"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("only root may"), "{}", told(&output));
}

#[test]
fn nothing_is_lost_where_the_clock_steps_by_minutes_and_back() {
    kept("clock", "14");
}

#[test]
fn several_nodes_are_refused_without_engines_to_share() {
    let output = verify(&["--nodes", "3"]);
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(told(&output).contains("--config"), "{}", told(&output));
}

#[tokio::test]
async fn a_run_that_is_asked_to_leave_takes_its_server_and_all_it_wrote_along() {
    let directory = tempfile::tempdir().unwrap();
    let (mut run, server) = started(directory.path()).await;
    kill_process(Pid::from_child(&run), Signal::TERM).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(1));
    until_gone(server).await;
    let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_run_that_is_killed_takes_its_server_along() {
    let directory = tempfile::tempdir().unwrap();
    let (mut run, server) = started(directory.path()).await;
    run.kill().unwrap();
    run.wait().unwrap();
    until_gone(server).await;
}

/// Starts a run whose files are all in a directory; answers with the process of its server.
async fn started(directory: &Path) -> (Child, PathBuf) {
    let run = Command::new(env!("CARGO_BIN_EXE_chinwag"))
        .args(["verify", "--duration", "300", "--faults", "none"])
        .env("TMPDIR", directory)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let children = format!("/proc/{0}/task/{0}/children", run.id());
    let starting = async {
        loop {
            let children = fs::read_to_string(&children).unwrap_or_default();
            if let Some(server) = children.split_whitespace().next() {
                let server = Path::new("/proc").join(server);
                let command = fs::read_to_string(server.join("cmdline")).unwrap_or_default();
                if command.contains("with-parent") {
                    return server;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let server = tokio::time::timeout(PATIENCE, starting).await;
    (run, server.expect("the run starts a server"))
}

/// Waits until a process has ended, whether or not anybody has heard of it.
async fn until_gone(process: PathBuf) {
    let is_gone = || {
        let status = fs::read_to_string(process.join("status"));
        status.is_err() || status.is_ok_and(|status| status.contains("State:\tZ"))
    };
    let ending = async {
        while !is_gone() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let ended = tokio::time::timeout(PATIENCE, ending).await;
    ended.expect("the server ends with the run");
}

#[test]
fn who_falls_silent_is_gone_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("history.jsonl");
    let arguments = ["--users", "4", "--groups", "1", "--rate", "5"];
    let times = ["--duration", "56", "--faults", "none"];
    let history = ["--history", kept.to_str().unwrap()];
    let output = verify(&[&arguments[..], &times, &history].concat());
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let history = fs::read_to_string(kept).unwrap();
    let records: Vec<Value> = history
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The users who chat come first, then who closes the connection, and who doesn't.
    let silent = |name: &Value| name.as_str().is_some_and(|name| name.ends_with("-5"));
    let fell = records
        .iter()
        .position(|record| {
            silent(&record["client"]["user"]) && record["what"]["close"]["clean"] == false
        })
        .expect("somebody falls silent");
    let is_told = records[fell..].iter().any(|record| {
        let presence = &record["what"]["presence"];
        silent(&presence["user"]) && presence["online"] == false
    });
    assert!(is_told, "who watches is told that somebody is gone");
}
