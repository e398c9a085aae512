//! Row 16: without file descriptors nothing new is let in, what is open goes on, and all is well again afterwards.

use std::{net::SocketAddr, time::Duration};

use serde_json::json;
use tokio::net::TcpStream;

use crate::{
    binary::{Serve, Served},
    fixture::{PATIENCE, Socket},
    rest::Rest,
    tokens::{SECRET, token},
};

/// Descriptors of the server: its files, and a few dozen connections.
const DESCRIPTORS: usize = 160;
/// More connections than it has descriptors for.
const CONNECTIONS: usize = 300;
/// How long the server is watched at its limit.
const WATCHED: Duration = Duration::from_secs(3);

/// Tells how long a process has used the processors.
fn processor_time(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // utime and stime, fields 14 and 15 of proc(5), in hundredths of a second.
    let ticks: u64 = [fields[11], fields[12]]
        .iter()
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_millis(ticks * 10)
}

async fn connect(address: SocketAddr) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        // The kernel answers, also for those that the server can't accept yet.
        let connected = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect(address));
        if let Ok(Ok(connection)) = connected.await {
            connections.push(connection);
        }
    }
    connections
}

async fn session(served: &Served, name: &str) -> Socket {
    Socket::open(&served.url())
        .await
        .authenticated(&token(name))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_descriptors_goes_on_quietly_and_lets_people_in_again() {
    let directory = tempfile::tempdir().unwrap();
    let serve = Serve::on(&directory.path().join("data")).with("auth.jwt_secret", SECRET);
    let limit = format!("ulimit -n {DESCRIPTORS}; exec \"$0\" \"$@\"");
    let child = serve.command(&["sh", "-c", &limit]).spawn().unwrap();
    let served = Served::of(child).unwrap_or_else(|refused| panic!("{}", refused.stderr));
    let rest = Rest::new(&served.url(), token("ana"));
    Rest::new(&served.url(), token("ben")).get("/me").await;
    let chat = rest
        .post("/chats", json!({"type": "direct", "userId": "ben"}))
        .await;
    let chat = chat.body["id"].clone();
    let (mut anas, mut bens) = (session(&served, "ana").await, session(&served, "ben").await);

    let mut crowd = connect(served.address()).await;
    assert!(
        crowd.len() > DESCRIPTORS,
        "only {} connections",
        crowd.len()
    );
    let (lines, used) = (served.lines(), processor_time(served.pid()));
    tokio::time::sleep(WATCHED).await;
    let used = processor_time(served.pid()) - used;
    assert!(
        used < WATCHED / 2,
        "it is busy with nothing: {used:?} in {WATCHED:?}"
    );
    let lines = served.lines() - lines;
    assert!(lines <= 10, "{lines} lines in {WATCHED:?}");

    // Those who are in exchange, store and find messages.
    for number in 0..20 {
        let text = format!("needle {number}");
        let send = json!({"type": "send", "chatId": chat, "content": text});
        assert_eq!(anas.ask(send).await["type"], "ack");
        assert_eq!(bens.hear_of("message").await["message"]["content"], text);
    }
    let history = bens
        .ask(json!({"type": "history", "chatId": chat, "limit": 50}))
        .await;
    assert_eq!(history["messages"].as_array().unwrap().len(), 20);

    crowd.truncate(CONNECTIONS / 5);
    let let_in = async {
        let mut new = session(&served, "ben").await;
        let history = json!({"type": "history", "chatId": chat, "limit": 50});
        assert_eq!(
            new.ask(history).await["messages"].as_array().unwrap().len(),
            20
        );
    };
    tokio::time::timeout(PATIENCE, let_in)
        .await
        .expect("somebody new is let in, without a restart");
}
