//! The running binary under strace: nothing that a client is told of a message leaves before the message is durable.

mod trace;

use std::{io::ErrorKind, path::Path, time::Duration};

use serde_json::json;

use crate::{
    binary::{Serve, Served},
    fixture::{PATIENCE, Socket},
    rest::Rest,
    tokens::{SECRET, token},
};
use trace::{Call, fault, read};

/// Messages of each socket, sent without waiting.
const MESSAGES: usize = 40;
/// What strace tells: what goes to disk, and what goes to clients.
const CALLS: &str =
    "trace=fdatasync,fsync,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,send";

/// Starts the server under strace, which runs beside it so that the server stays this process's child.
fn traced(serve: &Serve, trace: &Path) -> Served {
    let trace = trace.to_str().unwrap();
    let strace = [
        "strace", "-D", "-f", "-yy", "-s", "1000000", "-e", CALLS, "-o", trace,
    ];
    match serve.command(&strace).spawn() {
        Ok(child) => Served::of(child).unwrap_or_else(|refused| {
            panic!("the server doesn't start under strace: {}", refused.stderr)
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("strace isn't installed; `scripts/system-packages strace` installs it")
        }
        Err(error) => panic!("strace can't be started: {error}"),
    }
}

async fn sender(url: &str, name: &str) -> Socket {
    let mut socket = Socket::open(url).await;
    socket
        .say(json!({"type": "auth", "id": 1, "token": token(name)}))
        .await;
    assert_eq!(socket.hear().await["type"], "ready");
    socket
}

/// Sends over sockets and HTTP at once, until everything is acknowledged; returns what was said.
async fn talk(url: &str) -> Vec<String> {
    let rest = Rest::new(url, token("ana"));
    for name in ["ana", "ben", "cem"] {
        Rest::new(url, token(name)).get("/me").await;
    }
    let group = json!({"type": "group", "name": "tea", "members": ["ben", "cem"]});
    let chat = rest.post("/chats", group).await.body["id"].clone();
    let mut said = Vec::new();
    let mut sockets = Vec::new();
    for name in ["ana", "ben", "cem"] {
        let mut socket = sender(url, name).await;
        for number in 0..MESSAGES {
            let text = format!("said-by-{name}-{number:03}.");
            let frame = json!({"type": "send", "id": 10 + number, "chatId": chat, "content": text});
            socket.say(frame).await;
            said.push(text);
        }
        sockets.push(socket);
    }
    for number in 0..MESSAGES / 4 {
        let text = format!("posted-{number:03}.");
        let body = json!({"chatId": chat, "content": text});
        assert_eq!(rest.post("/messages", body).await.status, 201);
        said.push(text);
    }
    for mut socket in sockets {
        for _ in 0..MESSAGES {
            socket.hear_of("ack").await;
        }
    }
    said
}

/// Kills the server and reads the trace, once strace has written its end.
async fn end(served: Served, trace: &Path) -> Vec<Call> {
    drop(served);
    let ended = async {
        loop {
            let text = String::from_utf8_lossy(&std::fs::read(trace).unwrap()).into_owned();
            if text.trim_end().ends_with("+++ killed by SIGKILL +++") {
                return read(&text);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended)
        .await
        .expect("strace ends with the server")
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledgement_leaves_before_a_sync_that_began_after_its_append() {
    let directory = tempfile::tempdir().unwrap();
    let serve = Serve::on(&directory.path().join("data")).with("auth.jwt_secret", SECRET);
    let trace = directory.path().join("trace");
    let served = traced(&serve, &trace);
    let said = talk(&served.url()).await;
    let calls = end(served, &trace).await;
    let faults: Vec<_> = said.iter().filter_map(|text| fault(&calls, text)).collect();
    assert!(
        faults.is_empty(),
        "{} of {}: {faults:#?}",
        faults.len(),
        said.len()
    );
}
