//! How long the last page of a very long chat takes, through the reading use case and over HTTP, warm.
//!
//! `cargo bench -p chinwag-server --bench history [-- FILE.jsonl.zst]`. The file's lines have `at`, `user` and `text`
//! and go into one group by the owner's import; without one, as many made-up lines do. The data lies below the
//! system's temporary directory (`TMPDIR`).

use std::{
    io::BufRead,
    net::SocketAddr,
    time::{Duration, Instant},
};

use chinwag_core::owner::{
    Caller, IMPORT_BATCH, ImportedBody, ImportedChat, ImportedEvent, ImportedMessage,
};
use chinwag_proto::{ChatId, ClientId, Timestamp, UserId, http::HistoryQuery};
use chinwag_server::{Server, config::Config};
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const MADE_UP: u64 = 225_976;
const WARM_UP: usize = 500;
const PAGES: usize = 20_000;
const OWNER: &str = "ana";

/// A line of the file.
#[derive(Deserialize)]
struct Line {
    at: Timestamp,
    user: UserId,
    text: String,
}

fn main() {
    let file = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("threads can be started");
    runtime.block_on(measure(file));
}

async fn measure(file: Option<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    let data_dir = directory
        .path()
        .to_str()
        .expect("a path of text")
        .to_owned();
    let pairs = [
        ("listen", "127.0.0.1:0"),
        ("data_dir", &*data_dir),
        ("log.level", "warn"),
    ];
    let config = Config::of(&pairs).expect("a configuration");
    let server = Server::start(config).await.expect("a server");
    let owner = UserId::new(OWNER).expect("a user id");
    let accounts = server.node().user_accounts();
    accounts.put_user(&owner, None).await.expect("a user");
    let token = accounts.token_for(&owner).await.expect("a token").token;
    let chat = fill(&server, &owner, lines(file)).await;
    let query = HistoryQuery {
        chat_id: chat,
        before: None,
        after: None,
        around: None,
        limit: Some(50),
    };
    let caller = Caller {
        user: owner,
        session: None,
        api_key: false,
    };
    let mut times = Vec::with_capacity(PAGES);
    for _ in 0..WARM_UP + PAGES {
        let started = Instant::now();
        let page = server.node().reads().history(&caller, query.clone()).await;
        times.push(started.elapsed());
        assert_eq!(page.expect("a page").messages.len(), 50);
    }
    tell("through the reads", times);
    tell(
        "over HTTP",
        over_http(
            server.local_addr().expect("it serves clients"),
            chat,
            &token,
        )
        .await,
    );
    server.shutdown().await;
}

/// Brings lines into one group.
async fn fill(server: &Server, owner: &UserId, lines: impl Iterator<Item = Line>) -> ChatId {
    let importing = server.node().owner();
    let request = ClientId::new("support").expect("a client id");
    let target = ImportedChat {
        id: importing.chat_for_import(&request).await.expect("an id"),
        name: "support".into(),
        owner: owner.clone(),
    };
    let (started, mut count, mut batch) = (Instant::now(), 0, Vec::new());
    for line in lines {
        count += 1;
        batch.push(ImportedEvent {
            identity: ClientId::new(&count.to_string()).expect("a client id"),
            user: line.user,
            at: line.at,
            body: ImportedBody::Message(Box::new(ImportedMessage {
                content: line.text,
                ..ImportedMessage::default()
            })),
        });
        if batch.len() == IMPORT_BATCH {
            let events = std::mem::take(&mut batch);
            importing.import(&target, events).await.expect("an import");
        }
    }
    importing.import(&target, batch).await.expect("an import");
    println!(
        "{count} messages in one group, brought in within {:.1?}",
        started.elapsed()
    );
    target.id
}

fn lines(file: Option<String>) -> Box<dyn Iterator<Item = Line>> {
    let Some(file) = file else {
        return Box::new((0..MADE_UP).map(made_up));
    };
    let file = std::fs::File::open(file).expect("the file");
    let text = std::io::BufReader::new(zstd::Decoder::new(file).expect("a compressed file"));
    let read = |line: std::io::Result<String>| {
        serde_json::from_str(&line.expect("a line")).expect("a line with at, user and text")
    };
    Box::new(text.lines().map(read))
}

fn made_up(number: u64) -> Line {
    let words = "the quick brown fox jumps over the lazy dog and then has tea ".repeat(4);
    Line {
        at: Timestamp::from_unix_millis(1_100_000_000_000 + 10_000 * number.cast_signed()),
        user: UserId::new(&format!("u{:05}", number * 7 % 17_852)).expect("a user id"),
        text: words[..10 + (number * 37 % 200) as usize].into(),
    }
}

/// Asks on one connection, page after page.
async fn over_http(address: SocketAddr, chat: ChatId, token: &str) -> Vec<Duration> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    stream.set_nodelay(true).expect("an option of the socket");
    let mut stream = BufReader::with_capacity(64 * 1024, stream);
    let request = format!(
        "GET /v1/messages?chatId={chat}&limit=50 HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    let mut times = Vec::with_capacity(PAGES);
    for _ in 0..WARM_UP + PAGES {
        let started = Instant::now();
        stream
            .write_all(request.as_bytes())
            .await
            .expect("a request");
        let body = answer(&mut stream).await;
        times.push(started.elapsed());
        assert!(
            body.starts_with(b"{\"messages\":["),
            "{}",
            String::from_utf8_lossy(&body)
        );
    }
    times
}

/// Reads an answer and returns its body.
async fn answer(stream: &mut BufReader<TcpStream>) -> Vec<u8> {
    let mut length = None;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.expect("an answer");
        if line == "\r\n" {
            break;
        }
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().ok();
        }
    }
    let mut body = vec![0; length.expect("a length")];
    stream.read_exact(&mut body).await.expect("a body");
    body
}

fn tell(how: &str, mut times: Vec<Duration>) {
    times.drain(..WARM_UP);
    times.sort();
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize];
    println!(
        "the last 50 {how}: p50 {:.3?}, p99 {:.3?}, highest {:.3?}",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}
