//! `chinwag bench` as a person runs it, in small: that it works, not how fast anything is.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod binary;

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Command, Output},
};

use chinwag_server::{Server, config::Config};
use serde_json::Value;

use binary::chinwag;

fn bench(arguments: &[&str]) -> Output {
    chinwag("bench", arguments)
}

fn report(arguments: &[&str]) -> Value {
    read(&bench(&[arguments, &["--json"]].concat()))
}

/// Reads the report of a run that went well.
fn read(output: &Output) -> Value {
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
fn what_others_feel_of_those_who_disturb_is_told() {
    let who = "hostile --half-open 20 --stalled 5 --watched 30 --connections 4 --rate 40";
    let times = "--rounds 1 --rest 0 --warm-up 0 --duration 1";
    let words: Vec<&str> = who.split(' ').chain(times.split(' ')).collect();
    let report = report(&words);
    let beside = report["figures"]["beside"].as_array().unwrap();
    let names: Vec<&str> = beside
        .iter()
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    let wanted = [
        "alone",
        "beside half-open ones",
        "beside stalled readers",
        "beside watchers",
    ];
    assert_eq!(names, wanted);
    for (these, least) in beside.iter().zip([0, 20, 6, 1]) {
        assert!(these["attempts"].as_u64().unwrap() >= least, "{these}");
        assert!(
            these["delivery"]["count"].as_u64().unwrap() >= 40,
            "{these}"
        );
        assert!(these["deliveryP50Ratio"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn idle_connections_are_held_and_their_memory_is_told() {
    let report = report(&["idle", "--connections", "20", "--hold", "1.5"]);
    let memory = &report["figures"]["memory"];
    assert!(memory["bytesPerConnection"].is_number(), "{report}");
    assert!(memory["afterBytes"].as_u64().unwrap() > 1_000_000);
    let behind = &report["figures"]["generator"]["heartbeatLag"];
    assert!(behind["count"].as_u64().unwrap() >= 1, "{report}");
}

#[test]
fn pages_of_history_are_read_at_a_rate_and_checked() {
    let filled = [
        "history",
        "--chats",
        "2",
        "--messages",
        "25",
        "--page",
        "10",
    ];
    let rate = ["--rate", "60", "--warm-up", "0", "--duration", "1"];
    let report = report(&[&filled[..], &rate].concat());
    let part = &report["figures"]["parts"][0];
    assert_eq!(part["name"], "page of history", "{report}");
    assert_eq!(part["times"]["count"], 60);
    assert!(part["curve"].as_array().unwrap().len() > 1);
    assert_eq!(report["figures"]["generator"]["lag"]["count"], 60);
    assert!(report["figures"]["generator"]["usage"]["cpuMs"].is_number());
    assert_eq!(report["faults"], 0);
}

#[test]
fn searches_find_what_was_said_with_the_word() {
    let filled = ["search", "--chats", "2", "--messages", "40"];
    let rate = ["--rate", "40", "--warm-up", "0", "--duration", "1"];
    let report = report(&[&filled[..], &rate].concat());
    let part = &report["figures"]["parts"][0];
    assert_eq!(part["name"], "search", "{report}");
    assert_eq!(part["times"]["count"], 40);
}

#[test]
fn after_a_storm_everybody_is_back_and_in_sync() {
    let report = report(&["storm", "--connections", "20", "--spread", "0.3"]);
    let figures = &report["figures"];
    assert_eq!(figures["work"]["unit"], "sessions in sync", "{report}");
    assert_eq!(figures["work"]["count"], 20);
    assert_eq!(figures["parts"][0]["times"]["count"], 20);
    assert!(figures["seconds"].as_f64().unwrap() >= 0.28);
}

#[test]
fn everything_at_once_follows_from_the_daily_users() {
    let users = ["mixed", "--daily-users", "2000", "--members", "5"];
    let much = ["--daily-searches", "50", "--messages", "60", "--chats", "2"];
    let report = report(&[&users[..], &much, &BRIEF[..2], &["--duration", "2"]].concat());
    let figures = &report["figures"];
    let parts = figures["parts"].as_array().unwrap();
    let names: Vec<_> = parts.iter().map(|part| part["name"].as_str()).collect();
    let wanted = [
        "direct, acknowledged",
        "direct, delivered",
        "group, acknowledged",
        "group, delivered",
        "page of history",
        "search",
    ];
    assert_eq!(names, wanted.map(Some), "{report}");
    // Of 2.8 messages a second a fifth goes to the four others of the group.
    assert_eq!(parts[1]["times"]["count"], 5, "{report}");
    assert_eq!(parts[3]["times"]["count"], 2 * 4);
    assert!(figures["lastDelivery"].is_object());
    assert_eq!(figures["generator"]["processes"], 4);
    assert!(figures["generator"]["heartbeatLag"].is_object());
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

/// A server of this process.
struct Running {
    server: Server,
    url: String,
    data: tempfile::TempDir,
}

impl Running {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let pairs = [
            ("listen", "127.0.0.1:0"),
            ("data_dir", data.to_str().unwrap()),
            ("limits.rates", "off"),
        ];
        let server = Server::start(Config::of(&pairs).unwrap()).await.unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        Self {
            server,
            url,
            data: directory,
        }
    }

    /// Runs against it, or against what stands before it.
    fn bench(&self, url: &str, arguments: &[&str]) -> Output {
        let data = self.data.path().join("data");
        let pid = std::process::id().to_string();
        let place = ["--server", url, "--server-pid", &pid, "--data-dir"];
        let arguments = [arguments, &place, &[data.to_str().unwrap()]].concat();
        tokio::task::block_in_place(|| bench(&arguments))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_runs_is_measured_by_its_control_socket() {
    let running = Running::start().await;
    let brief = [&["direct", "--connections", "4", "--json"][..], &BRIEF].concat();
    let report = read(&running.bench(&running.url, &brief));
    assert!(
        report["figures"]["work"]["count"].as_u64().unwrap() > 0,
        "{report}"
    );
    assert_eq!(report["target"]["started"], Value::Null);
    let unnamed = ["direct", "--server", &running.url];
    let refused = tokio::task::block_in_place(|| bench(&unnamed));
    assert!(!refused.status.success());
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(errors.contains("--jwt-secret"), "{errors}");
    running.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_wrong_leaves_no_figures() {
    let running = Running::start().await;
    let falsified = falsified(running.url.strip_prefix("http://").unwrap());
    let few = ["--chats", "2", "--messages", "20", "--rate", "40"];
    let runs = [
        [&["history"][..], &few, &BRIEF].concat(),
        [&["search"][..], &few, &BRIEF].concat(),
        vec!["storm", "--connections", "4", "--spread", "0"],
    ];
    for run in runs {
        let run = [&run[..], &["--json"]].concat();
        let right = running.bench(&running.url, &run);
        assert!(read(&right)["figures"].is_object(), "{run:?}");
        let wrong = running.bench(&falsified, &run);
        assert!(!wrong.status.success(), "{run:?}");
        let report: Value = serde_json::from_slice(&wrong.stdout).unwrap();
        assert_eq!(report["figures"], Value::Null, "{run:?}");
        let told = report["faultsTold"][0].as_str().unwrap();
        assert!(told.contains("cup of ink"), "{told}");
    }
    running.server.shutdown().await;
}

/// Stands before a server, and lets it answer with other words than were said.
fn falsified(server: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = server.to_owned();
    // Ends with the test's process.
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, up) = (client.unwrap(), TcpStream::connect(&server).unwrap());
            let (from, to) = (client.try_clone().unwrap(), up.try_clone().unwrap());
            std::thread::spawn(move || pass(from, to, |_| {}));
            std::thread::spawn(move || pass(up, client, falsify));
        }
    });
    url
}

fn pass(mut from: TcpStream, mut to: TcpStream, change: impl Fn(&mut [u8])) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        change(&mut buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn falsify(bytes: &mut [u8]) {
    let (said, shown) = (b"cup of tea", b"cup of ink");
    for at in 0..bytes.len().saturating_sub(said.len()) {
        if bytes[at..].starts_with(said) {
            bytes[at..at + shown.len()].copy_from_slice(shown);
        }
    }
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
