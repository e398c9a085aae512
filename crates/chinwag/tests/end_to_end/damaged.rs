//! A damaged journal: either everything acknowledged is there, or the server refuses to start and says what is
//! missing; with accepted loss it goes on, and clients take its chats anew.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use chinwag_backends::fjall::OpenError;
use chinwag_load::check::history::{Server as Told, ServerState, What};
use chinwag_proto::{
    ChatId, Epoch,
    http::{EventsPage, MessagesPage, SyncAnswer},
    shapes::Chat,
};
use chinwag_server::{Server, config::Config, error::StartError};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    binary::Serve,
    proxy::Proxy,
    recorded::{RecordedDevice, assert_sound, checked, new_history, recorded_http},
    rest::Rest,
    tokens::{SECRET, token},
};

const MESSAGES: usize = 24;
/// How each batch of a journal ends.
const TRAILER: &[u8] = b"FJL\x03";

/// What a killed server left behind, and what it had acknowledged.
struct Written {
    directory: TempDir,
    journal: Vec<u8>,
    chat: ChatId,
    /// The last place that was acknowledged.
    head: u64,
    /// The texts, in order.
    said: Vec<String>,
}

fn serve(data: &Path) -> Serve {
    Serve::on(data).with("auth.jwt_secret", SECRET)
}

impl Written {
    async fn make() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data");
        let served = serve(&data).start();
        let rest = Rest::new(&served.url(), token("ana"));
        Rest::new(&served.url(), token("ben")).get("/me").await;
        let group = json!({"type": "group", "name": "tea", "members": ["ben"]});
        let chat: Chat = rest.post("/chats", group).await.ok();
        let mut said = Vec::new();
        for number in 0..MESSAGES {
            let text = format!("message {number}");
            let body = json!({"chatId": chat.id, "content": text, "clientId": text_id(number)});
            assert_eq!(rest.post("/messages", body).await.status, 201);
            said.push(text);
        }
        let head: Chat = rest.get(&format!("/chats/{}", chat.id)).await.ok();
        drop(served);
        let mut journal = std::fs::read(journal_in(&data)).unwrap();
        let used = journal.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        journal.truncate(used);
        Self {
            directory,
            journal,
            chat: chat.id,
            head: head.head.seq.0,
            said,
        }
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Makes a copy whose journal reads like this.
    fn with_journal(&self, journal: &[u8]) -> TempDir {
        let copy = tempfile::tempdir().unwrap();
        copy_directory(&self.data(), &copy.path().join("data"));
        let original = journal_in(&self.data());
        let place = original.strip_prefix(self.directory.path()).unwrap();
        std::fs::write(copy.path().join(place), journal).unwrap();
        copy
    }

    /// Returns where the batch that brought a message begins and ends.
    fn batch_of(&self, number: usize) -> (usize, usize) {
        let text = self.said[number].as_bytes();
        let mut windows = self.journal.windows(text.len());
        let at = windows.position(|window| window == text).unwrap();
        let begin = |from: &usize| *from <= at;
        let ends = self.ends();
        let before = ends.iter().copied().rfind(begin).unwrap_or(0);
        let end = ends.iter().copied().find(|end| *end > at).unwrap();
        (before, end)
    }

    /// Returns where the batches end, rising.
    fn ends(&self) -> Vec<usize> {
        let starts = 0..=self.journal.len() - TRAILER.len();
        let found = starts.filter(|at| self.journal[*at..].starts_with(TRAILER));
        found.map(|at| at + TRAILER.len()).collect()
    }

    /// Starts a server on damaged data; answers whether it refused.
    async fn refused(&self, journal: &[u8], what: &str) -> bool {
        let copy = self.with_journal(journal);
        let data = copy.path().join("data");
        let settings = [
            ("listen", "127.0.0.1:0"),
            ("data_dir", data.to_str().unwrap()),
            ("auth.jwt_secret", SECRET),
            ("storage.min_free", "0"),
        ];
        match Server::start(Config::of(&settings).unwrap()).await {
            Ok(server) => {
                let url = format!("http://{}", server.local_addr().unwrap());
                assert_eq!(self.told(&url).await, self.said, "{what}: silently less");
                server.shutdown().await;
                false
            }
            Err(StartError::Store(OpenError::Lost { events, .. })) => {
                assert!(events > 0, "{what}");
                true
            }
            Err(other) => panic!("{what}: {other}"),
        }
    }

    /// Reads what a server holds of the chat.
    async fn told(&self, url: &str) -> Vec<String> {
        let path = format!("/messages?chatId={}&limit=200", self.chat);
        let page: MessagesPage = Rest::new(url, token("ben")).get(&path).await.ok();
        let texts = page.messages.into_iter().rev();
        texts.map(|message| message.content).collect()
    }
}

fn text_id(number: usize) -> String {
    format!("client-id-{number}")
}

/// Finds the last journal.
fn journal_in(data: &Path) -> PathBuf {
    let entries = std::fs::read_dir(data.join("store/store")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let journals = paths.filter(|path| path.extension().is_some_and(|name| name == "jnl"));
    let number = |path: &PathBuf| path.file_stem()?.to_str()?.parse::<u64>().ok();
    journals.max_by_key(number).unwrap()
}

fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        let is_journal = entry.path().extension().is_some_and(|name| name == "jnl");
        if kind.is_dir() {
            copy_directory(&entry.path(), &target);
        } else if kind.is_file() && !is_journal {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_a_journal_that_was_cut_holds_everything_or_refuses() {
    let written = Written::make().await;
    let end = written.journal.len();
    let (last, last_ends) = written.batch_of(MESSAGES - 1);
    let (before, _) = written.batch_of(MESSAGES - 6);
    // Every byte of the last message's batch, some of those before it, and what nobody was told of behind it.
    let cuts = (before..last).step_by(131).chain(last..last_ends);
    for cut in cuts.chain((last_ends..end).step_by(37)) {
        let what = format!("cut at {cut} of {end}, where the last message ends at {last_ends}");
        let refused = written.refused(&written.journal[..cut], &what).await;
        assert_eq!(refused, cut < last_ends, "{what}");
    }
    let whole = written.refused(&written.journal, "whole").await;
    assert!(!whole, "what is whole is opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_on_a_journal_with_a_flipped_byte_holds_everything_or_refuses() {
    let written = Written::make().await;
    let end = written.journal.len();
    let (last, last_ends) = written.batch_of(MESSAGES - 1);
    let mut refused = 0;
    let everywhere = (0..last)
        .step_by(last / 40)
        .chain((last..last_ends).step_by(5));
    for at in everywhere.chain((last_ends..end).step_by(37)) {
        let mut journal = written.journal.clone();
        journal[at] ^= 0xff;
        let what = format!("flipped at {at} of {end}");
        refused += usize::from(written.refused(&journal, &what).await);
    }
    assert!(refused > 40, "only {refused} flips were noticed");
}

/// Reads the number of missing events out of what the binary says when it refuses.
fn missing_events(stderr: &str) -> u64 {
    let (before, after) = stderr
        .split_once(" acknowledged events since ")
        .unwrap_or_else(|| panic!("says what is missing: {stderr}"));
    assert!(after.starts_with("20"), "says since when: {stderr}");
    let digits = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    digits.unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_binary_says_what_is_missing_and_goes_on_where_the_loss_is_accepted() {
    let written = Written::make().await;
    for lost in [1, 5] {
        let (kept, _) = written.batch_of(MESSAGES - lost);
        let copy = written.with_journal(&written.journal[..kept + 17]);
        let serve = serve(&copy.path().join("data"));
        let refused = serve.try_start().err().expect("the start is refused");
        assert!(!refused.status.success());
        let missing = missing_events(&refused.stderr);
        let accepting = serve.argument("--accept-loss");
        let served = accepting.start();
        let rest = Rest::new(&served.url(), token("ana"));
        let chat: Chat = rest.get(&format!("/chats/{}", written.chat)).await.ok();
        assert_eq!(chat.epoch, Epoch(2));
        assert_eq!(
            chat.head.seq.0 + missing,
            written.head,
            "{}",
            refused.stderr
        );
        let there = written.told(&served.url()).await;
        assert_eq!(there, written.said[..MESSAGES - lost]);
        // A phone that knows nothing of it sends again what it has no answer to.
        for number in 0..MESSAGES {
            let text = format!("message {number}");
            let body = json!({"chatId": chat.id, "content": text, "clientId": text_id(number)});
            let known = number < there.len();
            let status = rest.post("/messages", body).await.status;
            assert_eq!(status, if known { 200 } else { 201 }, "{text}");
        }
        assert_eq!(written.told(&served.url()).await, written.said);
        drop(served);
        // The loss is accepted once; from here on the server starts as always.
        let served = crate::damaged::serve(&copy.path().join("data")).start();
        assert_eq!(written.told(&served.url()).await, written.said);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_holds_the_old_epoch_takes_the_chat_anew() {
    let written = Written::make().await;
    let served = serve(&written.data()).start();
    let history = new_history();
    let proxy = Proxy::start(served.address(), Some(Arc::clone(&history))).await;
    let ben = RecordedDevice::connect(&history, &proxy, "ben", "phone");
    ben.until_online().await;
    let http = recorded_http(&history, &proxy.url(), "ana", "http");
    http.chat(written.chat).await.unwrap();
    drop(served);
    told(&history, ServerState::Killed);

    let journal = journal_in(&written.data());
    let bytes = std::fs::read(&journal).unwrap();
    let (kept, _) = written.batch_of(MESSAGES - 3);
    std::fs::write(&journal, &bytes[..kept]).unwrap();
    let served = serve(&written.data()).argument("--accept-loss").start();
    told(&history, ServerState::Restored);
    proxy.lead_to(served.address());

    let rest = Rest::new(&proxy.url(), token("ana"));
    let (chat, old) = (written.chat, written.head);
    let path = format!("/chats/{chat}/events?after={old}&epoch=1");
    let page: EventsPage = rest.get(&path).await.ok();
    assert_eq!(
        (page.epoch, page.events[0].seq.0),
        (Epoch(2), 1),
        "anew, from its first place"
    );
    let held = json!({"since": null, "chats": {chat.to_string(): {"epoch": 1, "seq": old}}});
    let answer: SyncAnswer = rest.post("/sync", held).await.ok();
    let synced = &answer.chats[0];
    assert_eq!((synced.chat.epoch, synced.limited), (Epoch(2), true));

    let ana = RecordedDevice::connect(&history, &proxy, "ana", "laptop");
    ana.until_online().await;
    ana.client.send(chat, "here again").await.unwrap();
    ben.until_told(chat, "here again").await;
    let shown = ben.frames(chat);
    assert!(
        shown.iter().all(|frame| frame.epoch == Epoch(2)),
        "{shown:?}"
    );
    let places = shown.iter().map(|frame| frame.seq.0);
    let first = shown[0].seq.0;
    assert!(places.eq(first..first + shown.len() as u64));
    history.record(None, &What::Quiet);
    http.dump(chat).await.unwrap();
    for device in [ana, ben] {
        assert_eq!(device.close().await, Vec::<String>::new());
    }
    proxy.close().await;
    drop(http);
    assert_sound(&checked(history), &["epoch", "gap", "one-order"]);
}

fn told(history: &crate::proxy::History, state: ServerState) {
    let node = "one".into();
    history.record(None, &What::Server(Told { node, state }));
}
