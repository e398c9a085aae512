//! A team outgrows one machine: everything moves from the embedded store to the engines.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Output, Stdio},
};

use chinwag_backends::cassandra::{self, Cassandra};
use chinwag_client::{ClientError, Http};
use chinwag_core::{model::NodeId, ports::Ownership as _};
use chinwag_proto::{
    ChatId, ClientId, ErrorCode, Metadata, http::SendMessage, shapes::Message, snowflake,
};

use crate::{
    engine_process,
    place::{Place, only_page},
};

const MOVE: &[&str] = &[
    "migrate",
    "--from",
    "embedded",
    "--to",
    "cluster",
    "--config",
    "node.toml",
];

impl Place {
    /// A command on the embedded store of the directory, or on a server that has it open.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_chinwag"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env("CHINWAG_LISTEN", "127.0.0.1:0")
            .env("CHINWAG_LIMITS_RATES", "off")
            .stdin(Stdio::null());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that succeeds; returns what it prints.
    fn prints(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that fails; returns why.
    fn fails(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn embedded(&self, arguments: &[&str]) -> Embedded {
        let mut child = self
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let url = line.split([' ', ',']).find(|word| word.starts_with("http"));
        let url = url.unwrap_or_else(|| panic!("{line:?}")).to_owned();
        std::thread::spawn(move || stdout.lines().map_while(Result::ok).for_each(drop));
        Embedded { child, url }
    }

    fn http(&self, url: &str, user: &str, config: &[&str]) -> Http {
        let token = self.prints(&[&["token", user], config].concat());
        Http::new(url).with_token(token.trim())
    }
}

/// A server on the embedded store; killed when it is dropped.
struct Embedded {
    child: Child,
    url: String,
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that a user sees of their chats: names, counts, messages.
async fn seen(http: &Http) -> BTreeMap<ChatId, (Option<String>, u64, u64, Vec<Message>)> {
    let mut seen = BTreeMap::new();
    let page = http.chats(None).await.unwrap();
    assert!(page.next_cursor.is_none());
    for chat in page.chats {
        let messages = only_page(http, chat.id).await;
        let told = (chat.name, chat.unread, chat.mentions, messages);
        seen.insert(chat.id, told);
    }
    seen
}

fn message(chat: ChatId, content: &str, client_id: &str) -> SendMessage {
    SendMessage {
        chat_id: chat,
        content: content.into(),
        client_id: Some(ClientId::new(client_id).unwrap()),
        reply_to: None,
        mentions: Vec::new(),
        metadata: Metadata::default(),
        timestamp: None,
        sender_id: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn everything_moves_over_while_the_old_server_is_read_and_is_the_same() {
    let place = Place::new();
    place.prints(&["demo"]);
    let old = place.embedded(&["serve"]);
    let ana = place.http(&old.url, "ana", &[]);
    let before = seen(&ana).await;
    assert!(before.len() > 3);
    let chat = *before.keys().next().unwrap();
    let once = message(
        chat,
        "before the move",
        "01890000-0000-7000-8000-000000000001",
    );
    let first = ana.send_message(&once).await.unwrap();
    let before = seen(&ana).await;
    let refused = place.fails(MOVE);
    assert!(refused.contains("serve --read-only"), "{refused}");
    drop(old);

    let old = place.embedded(&["serve", "--read-only"]);
    let ana = place.http(&old.url, "ana", &[]);
    assert_eq!(seen(&ana).await, before);
    let exported = place.prints(&["export"]);
    let denied = ana.send_message(&message(chat, "too late", "c2")).await;
    let Err(ClientError::Refused(problem)) = denied else {
        panic!("a message was taken by a server that is open for reading only: {denied:?}");
    };
    assert_eq!(problem.code, ErrorCode::ReadOnly);
    let moved = place.prints(MOVE);
    assert!(moved.contains("both sides hold the same"), "{moved}");
    // Again, as after a stop: there is nothing left to bring, and the same is compared.
    let again = place.prints(MOVE);
    assert_eq!(again.lines().next(), moved.lines().next());
    assert_eq!(seen(&ana).await, before);
    drop(old);
    let options = cassandra::Options {
        contact_points: vec![format!("{}:19042", engine_process::address())],
        keyspace: place.keyspace_name().to_owned(),
        ..cassandra::Options::default()
    };
    let moved_to = Cassandra::open(&options).await.unwrap();
    let promised = moved_to.ids_up_to(NodeId(0)).await.unwrap();
    assert!(promised >= snowflake::millis(first.id.0), "{promised}");
    let rows = moved_to.nodes().await.unwrap();
    assert!(rows.iter().all(|row| row.closed), "nobody waits: {rows:?}");

    let new = place.serve();
    let ana = place.http(&new.url, "ana", &["--config", "node.toml"]);
    assert_eq!(seen(&ana).await, before);
    let from_engines = place.prints(&["export", "--config", "node.toml"]);
    assert!(exported.lines().count() > 50, "{exported}");
    assert_eq!(from_engines, exported);
    let repeated = ana.send_message(&once).await.unwrap();
    assert_eq!(repeated.id, first.id);
    let next = message(chat, "behind the move", "c3");
    let next = ana.send_message(&next).await.unwrap();
    assert!(next.id.0 > first.id.0);
    new.stop();

    // What was said in the old place since then can't be brought on top.
    let old = place.embedded(&["serve"]);
    let ana = place.http(&old.url, "ana", &[]);
    let late = message(chat, "in the old place", "c4");
    ana.send_message(&late).await.unwrap();
    drop(old);
    let refused = place.fails(MOVE);
    assert!(refused.contains("written to since"), "{refused}");
}
