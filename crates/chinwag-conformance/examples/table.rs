//! Reads what test runs printed (`target/conformance/TARGET.log`) and prints which engine showed how many of each
//! port's cases. Fails where a case failed, or was never run.

use std::{collections::HashMap, path::Path, process::ExitCode};

/// An engine: its name, the test target that runs its cases, the module there, and the ports that it has.
///
/// A new engine adds a line here and one in `scripts/conformance`.
const ENGINES: &[(&str, &str, &str, &[&str])] = &[
    (
        "memory",
        "memory",
        "",
        &[
            "message_store",
            "directory",
            "accounts",
            "ownership",
            "queue_marks",
            "event_queue",
            "presence",
            "bus",
            "search_index",
            "push_sender",
        ],
    ),
    (
        "fjall",
        "conformance",
        "",
        &[
            "message_store",
            "directory",
            "accounts",
            "ownership",
            "event_queue",
        ],
    ),
    (
        "Cassandra",
        "cassandra",
        "",
        &[
            "message_store",
            "directory",
            "accounts",
            "ownership",
            "queue_marks",
        ],
    ),
    ("tantivy", "conformance", "", &["search_index"]),
    ("OpenSearch", "opensearch", "", &["search_index"]),
    ("Redis", "redis", "single::", &["presence", "bus"]),
    ("Redis Cluster", "redis", "cluster::", &["presence", "bus"]),
    ("Kafka", "kafka", "", &["event_queue"]),
    ("FCM", "push", "fcm::", &["push_sender"]),
    ("APNs", "push", "apns::", &["push_sender"]),
    ("Web Push", "push", "webpush::", &["push_sender"]),
];

/// Every port with its cases, in the order of the rows.
fn ports() -> Vec<(&'static str, Vec<&'static str>)> {
    macro_rules! cases {
        ($($port:ident),+) => {
            vec![$((
                stringify!($port),
                chinwag_conformance::$port! { case_names [] }.to_vec(),
            )),+]
        };
    }
    cases!(
        message_store,
        directory,
        accounts,
        ownership,
        queue_marks,
        event_queue,
        presence,
        bus,
        search_index,
        push_sender
    )
}

/// What became of one port's cases on one engine.
#[derive(Default)]
struct Outcome {
    passed: usize,
    failed: Vec<String>,
    absent: Vec<String>,
}

impl Outcome {
    fn cell(&self) -> String {
        let mut cell = self.passed.to_string();
        for (count, word) in [(self.failed.len(), "failed"), (self.absent.len(), "absent")] {
            if count > 0 {
                cell.push_str(&format!(", {count} {word}"));
            }
        }
        cell
    }
}

fn main() -> ExitCode {
    let logs = std::env::args().nth(1);
    let logs = logs.expect("usage: table DIRECTORY, where TARGET.log are");
    let ports = ports();
    let mut rows = vec![vec!["passed".to_owned()]];
    rows.extend(ports.iter().map(|(port, _)| vec![(*port).to_owned()]));
    let (mut cases, mut wrong) = (0, Vec::new());
    for (engine, target, module, has) in ENGINES {
        let ran = read(&Path::new(&logs).join(format!("{target}.log")));
        rows[0].push((*engine).to_owned());
        for ((port, names), row) in ports.iter().zip(&mut rows[1..]) {
            if !has.contains(port) {
                row.push("·".into());
                continue;
            }
            let outcome = look(&ran, &format!("{module}{port}::"), names);
            row.push(outcome.cell());
            cases += outcome.passed;
            let told = |word, names: &[String]| {
                let lines = names
                    .iter()
                    .map(|name| format!("{word}: {engine}: {port}: {name}"));
                lines.collect::<Vec<_>>()
            };
            wrong.extend(told("failed", &outcome.failed));
            wrong.extend(told("absent", &outcome.absent));
        }
    }
    print(&rows);
    println!("\n{cases} cases passed, {} failed or absent", wrong.len());
    wrong.iter().for_each(|line| println!("{line}"));
    if wrong.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Reads `test NAME ... RESULT` lines; a log that isn't there is one where nothing ran.
fn read(log: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let results = text.lines().filter_map(|line| {
        let (name, result) = line.strip_prefix("test ")?.split_once(" ... ")?;
        Some((name.to_owned(), result.to_owned()))
    });
    results.collect()
}

fn look(ran: &HashMap<String, String>, prefix: &str, names: &[&str]) -> Outcome {
    let mut outcome = Outcome::default();
    for name in names {
        match ran.get(&format!("{prefix}{name}")).map(String::as_str) {
            Some("ok") => outcome.passed += 1,
            Some("FAILED") => outcome.failed.push((*name).into()),
            // Ignored is as good as never run.
            _ => outcome.absent.push((*name).into()),
        }
    }
    outcome
}

fn print(rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    println!();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let line: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        println!("{}", line.join("  ").trim_end());
    }
}
