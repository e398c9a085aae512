//! `chinwag doctor` on one machine: what it says of what is right and of what isn't, and that it changes nothing.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::place::Place;

/// Runs it; returns whether it succeeds, and what it found.
fn examined(place: &Place) -> (bool, Value) {
    let output = place.run(&["doctor", "--json"], "");
    let told = serde_json::from_slice(&output.stdout);
    (
        output.status.success(),
        told.unwrap_or_else(|_| panic!("{output:?}")),
    )
}

/// Returns what it says of something with a verdict.
fn said<'a>(told: &'a Value, verdict: &str, about: &str) -> Vec<&'a str> {
    let findings = told["findings"].as_array().unwrap().iter();
    let of = findings.filter(|found| found["verdict"] == verdict && found["about"] == about);
    of.map(|found| found["found"].as_str().unwrap()).collect()
}

fn files(directory: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(directory).unwrap();
    let mut files = BTreeSet::new();
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        }
        files.insert(path);
    }
    files
}

#[test]
fn an_empty_place_is_well_and_stays_empty() {
    let place = Place::new();
    let (well, told) = examined(&place);
    assert!(well && told["ok"] == true, "{told}");
    assert_eq!(said(&told, "ok", "server"), ["listen: 127.0.0.1:0 is free"]);
    assert!(files(place.path()).is_empty());
    let lines = place.prints(&["doctor"], "");
    let findings = told["findings"].as_array().unwrap().len();
    assert_eq!(lines.lines().count(), findings, "{lines}");
    assert!(lines.starts_with("ok      configuration"), "{lines}");
}

#[test]
fn a_server_that_runs_is_asked_how_it_is() {
    let place = Place::new();
    let serving = place.serve();
    let before = files(place.path());
    let (well, told) = examined(&place);
    assert!(well, "{told}");
    let server = said(&told, "ok", "server");
    assert!(server[0].contains("and is well"), "{told}");
    assert!(said(&told, "ok", "keys").contains(&"the key that signs tokens is there"));
    assert_eq!(files(place.path()), before);
    serving.terminate();
}

#[test]
fn what_would_keep_a_server_from_working_is_an_error_with_what_to_do() {
    let place = Place::new();
    place.prints(&["user", "add", "ana"], "");
    let key = place.path().join("data/signing.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap();
    place.put("chain.pem", "no certificate");
    place.put(
        "chinwag.toml",
        format!(
            r#"
            [metrics]
            listen = "{taken}"
            [tls]
            cert = "chain.pem"
            key = "absent.pem"
            [push.fcm]
            service_account = "absent.json"
            "#
        ),
    );
    let (well, told) = examined(&place);
    assert!(!well && told["ok"] == false, "{told}");
    let keys = said(&told, "error", "keys").join("\n");
    for wanted in ["signing.key", "absent.pem", "absent.json"] {
        assert!(keys.contains(wanted), "{wanted} in {keys}");
    }
    let server = said(&told, "error", "server");
    assert!(server[0].starts_with("metrics.listen"), "{told}");
    let findings = told["findings"].as_array().unwrap();
    let keys_advice = findings.iter().find_map(|found| found["advice"].as_str());
    assert!(keys_advice.is_some(), "{told}");
    let lines = place.run(&["doctor"], "");
    drop(holder);
    assert!(!lines.status.success());
    let error = String::from_utf8(lines.stderr).unwrap();
    assert!(error.contains("things would keep the server from working"));
}

#[test]
fn engines_that_are_away_are_named_with_where_to_look() {
    let place = Place::new();
    // Nobody listens on the port of the discard service.
    place.put(
        "chinwag.toml",
        r#"
        [engines]
        store = "cassandra"
        directory = "cassandra"
        presence = "redis"
        bus = "redis"
        queue = "kafka"
        search = "opensearch"
        [cassandra]
        contact_points = ["127.0.0.1:9"]
        [redis]
        urls = ["redis://127.0.0.1:9"]
        [kafka]
        brokers = ["127.0.0.1:9"]
        timeout = "500ms"
        [opensearch]
        urls = ["http://127.0.0.1:9"]
        "#,
    );
    let (well, told) = examined(&place);
    assert!(!well, "{told}");
    for engine in ["cassandra", "redis", "kafka", "opensearch"] {
        let errors = said(&told, "error", engine);
        assert_eq!(errors.len(), 1, "{told}");
        assert!(errors[0].contains("127.0.0.1:9"), "{told}");
    }
}
