//! The operator's commands.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::place::{Place, Serving};

#[test]
fn commands_do_the_same_with_a_server_and_without_one() {
    let place = Place::new();
    for (with_server, user) in [(false, "ana"), (true, "bo")] {
        let serving = with_server.then(|| place.serve());
        place.prints(
            &["user", "add", user, "--name", "Somebody", "--password"],
            "correct horse\n",
        );
        assert!(place.prints(&["user", "list"], "").contains(user));
        assert_eq!(place.prints(&["token", user], "").split('.').count(), 3);
        let key = place.prints(&["key", "add", user], "");
        assert!(key.starts_with("ck_"), "{key}");
        let id = &key.trim()[3..23];
        assert!(place.prints(&["key", "list"], "").contains(id));
        place.prints(&["key", "revoke", id], "");
        assert!(place.prints(&["key", "list"], "").contains("revoked"));
        place.prints(&["user", "disable", user], "");
        assert!(place.prints(&["user", "list"], "").contains("disabled"));
        place.prints(&["user", "enable", user], "");
        place.prints(&["user", "password", user], "battery staple\n");
        place.prints(&["token", "revoke", user], "");
        place.prints(&["reindex"], "");
        place.prints(&["doctor"], "");
        drop(serving.map(Serving::terminate));
    }
}

#[test]
fn the_search_index_is_rebuilt_with_a_server_and_without_one() {
    let place = Place::new();
    for user in ["ana", "bo"] {
        place.prints(&["user", "add", user], "");
    }
    let token = place.prints(&["token", "ana"], "");
    let token = token.trim();
    let serving = place.serve();
    let direct = json!({"type": "direct", "userId": "bo"});
    let chat = serving.json("POST", "/v1/chats", token, &direct);
    for number in 0..3 {
        let message = json!({"chatId": chat["id"], "content": format!("zebra {number}")});
        serving.json("POST", "/v1/messages", token, &message);
    }
    let rebuilt = "the search index is rebuilt: 3 messages\n";
    assert_eq!(place.prints(&["reindex"], ""), rebuilt);
    serving.terminate();
    assert_eq!(place.prints(&["reindex"], ""), rebuilt);
    std::fs::remove_dir_all(place.path().join("data/search")).unwrap();
    assert_eq!(place.prints(&["reindex"], ""), rebuilt);
    let serving = place.serve();
    let found = serving.json("GET", "/v1/search?q=zebra", token, &Value::Null);
    assert_eq!(found["total"], 3);
    serving.terminate();
}

#[test]
fn a_server_prints_what_to_do_next_and_leaves_in_good_order() {
    let place = Place::new();
    place.prints(&["user", "add", "ana"], "");
    let token = place.prints(&["token", "ana"], "");
    let serving = place.serve();
    assert!(serving.get("/readyz", "").starts_with("HTTP/1.1 200"));
    assert!(serving.get("/v1/me", token.trim()).contains("\"ana\""));
    let (success, printed) = serving.terminate();
    assert!(success);
    let told: Vec<&str> = printed
        .split("chinwag ")
        .skip(1)
        .filter_map(|rest| rest.split_whitespace().next())
        .collect();
    for command in ["chat", "user", "token", "config"] {
        assert!(told.contains(&command), "{printed}");
    }
    for command in told {
        place.prints(&["help", command], "");
    }
    assert!(!place.path().join("data/control.sock").exists());
}

#[test]
fn a_server_that_logs_json_prints_nothing_that_is_not_json() {
    let place = Place::new();
    let mut command = place.command(&["serve"]);
    command
        .env("CHINWAG_LOG_FORMAT", "json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("\"serving\"") {
        assert!(log.read_line(&mut lines).unwrap() > 0, "{lines}");
    }
    let url = lines.split("\"url\":\"").nth(1).unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{lines}");
    let pid = child.id().to_string();
    Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    log.read_to_string(&mut lines).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success() && output.stdout.is_empty(),
        "{output:?}"
    );
    assert!(lines.lines().all(|line| line.starts_with('{')), "{lines}");
}

#[test]
fn a_server_that_was_killed_does_not_keep_the_next_from_starting() {
    let place = Place::new();
    let mut serving = place.serve();
    serving.child.kill().unwrap();
    serving.child.wait().unwrap();
    place.prints(&["user", "add", "ana"], "");
    let serving = place.serve();
    assert!(serving.get("/healthz", "").starts_with("HTTP/1.1 200"));
    serving.terminate();
}

#[test]
fn what_goes_wrong_is_said_in_a_sentence() {
    let place = Place::new();
    for (arguments, said) in [
        (vec!["token", "nobody"], "there is no user \"nobody\""),
        (vec!["key", "revoke", "x"], "there is no such API key"),
        (
            vec!["user", "disable", "nobody"],
            "there is no user \"nobody\"",
        ),
        (
            vec!["--config", "absent.toml", "config"],
            "can't read absent.toml",
        ),
        (
            vec!["serve", "--roles", "gateway,cook"],
            "no role \"cook\"; there are gateway, api, chat",
        ),
        (
            vec!["serve", "--roles", "chat"],
            "the only node does everything",
        ),
    ] {
        let output = place.run(&arguments, "");
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(
            error.starts_with("chinwag: ") && error.contains(said),
            "{error}"
        );
    }
    std::fs::write(
        place.path().join("chinwag.toml"),
        "[log]\nfromat = \"json\"",
    )
    .unwrap();
    let output = place.run(&["serve"], "");
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("did you mean \"log.format\"?"), "{error}");
}

#[test]
fn the_configuration_is_shown_with_where_it_came_from() {
    let place = Place::new();
    std::fs::write(
        place.path().join("chinwag.toml"),
        "[auth]\njwt_secret = \"0123456789abcdef0123456789abcdef\"",
    )
    .unwrap();
    let shown = place.prints(&["config"], "");
    assert!(
        shown.contains("listen = \"127.0.0.1:0\"  # CHINWAG_LISTEN"),
        "{shown}"
    );
    assert!(
        shown.contains("auth.jwt_secret = \"***\"  # chinwag.toml"),
        "{shown}"
    );
    assert!(!shown.contains("0123456789abcdef"));
}
