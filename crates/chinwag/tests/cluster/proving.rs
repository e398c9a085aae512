//! `chinwag verify` on nodes of its own, in small.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::{engine_process, place::Place};

const SMALL: [&str; 8] = [
    "--users",
    "6",
    "--groups",
    "3",
    "--rate",
    "60",
    "--fault-every",
    "1",
];

impl Place {
    /// Proves what nodes of this configuration promise.
    fn verify(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_chinwag"))
            .args(["verify", "--json", "--config", "node.toml"])
            .args(SMALL)
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

/// Reads the report of a run in which every promise was kept and each of some faults happened.
fn kept(output: &Output, faults: &[&str]) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
    assert_eq!(report["verdict"], "kept", "{report:#}\n{told}");
    for fault in faults {
        let times = report["run"]["faults"][fault].as_u64();
        assert!(times.is_some_and(|times| times > 0), "{fault}: {report}");
    }
    report
}

#[test]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
fn three_nodes_leave_and_come_back_one_after_another_and_no_user_sees_it() {
    let place = Place::new();
    let rolling = ["--nodes", "3", "--duration", "24", "--faults", "restart"];
    let output = place.verify(&rolling);
    let report = kept(&output, &["restart"]);
    assert_eq!(report["run"]["surprises"]["count"], 0, "{report:#}");
}

#[test]
#[ignore = "stops nodes under load for minutes: make soak"]
fn nodes_are_killed_and_frozen_and_what_they_share_is_emptied_and_nothing_is_lost() {
    let place = Place::new();
    // Only what this test's nodes keep there.
    let emptied = format!(
        "emptied=redis-cli -h {host} -p 16379 --scan --pattern '*{name}*' | xargs -r redis-cli -h {host} -p 16379 unlink; true",
        host = engine_process::address(),
        name = place.keyspace_name(),
    );
    let output = place.verify(&[
        "--nodes",
        "2",
        "--duration",
        "40",
        "--patience",
        "120",
        "--faults",
        "cut,kill,freeze,engines",
        "--disturb",
        &emptied,
    ]);
    kept(&output, &["cut", "kill", "freeze", "emptied"]);
}
