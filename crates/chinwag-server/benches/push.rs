//! How many notes a second one push worker brings to a provider: from the send of a message through the queue, the
//! look at its members, badge and text, to the provider's answer, the whole server in one process with the provider.
//!
//! `cargo bench -p chinwag-server --bench push [-- fcm|apns|webpush …]`. The provider is on this machine and checks
//! what it is sent, on the same cores: APNs verifies the team's signature and Web Push decrypts, at each note. So the
//! processor time of the provider's threads, of those that send, and of all others (the server) is told apart; what
//! the server needs for messages that nobody has a device for is measured first, and what is above that is the
//! worker's. The data lies below the system's temporary directory (`TMPDIR`).

use std::{
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use chinwag_conformance::providers::{
    APNS_KEY, APNS_KEY_ID, APNS_TEAM, APNS_TOPIC, Browser, Desk, FakeApns, FakeFcm, FakeWebPush,
};
use chinwag_core::{
    model::{DeviceRow, UserRow},
    owner::{Caller, Command, NewMessage},
};
use chinwag_proto::{ChatId, DeviceId, Timestamp, UserId, http::DeviceKind};
use chinwag_server::{Server, config::Config};
use tokio::{
    runtime::{Handle, Runtime},
    task::JoinSet,
};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Direct chats, each with somebody who has a device: notes of one chat and device would replace each other.
const CHATS: usize = 5_000;
const ROUNDS: usize = 4;
/// Sends under way at a time.
const SENDERS: usize = 64;
const AUTHOR: &str = "author";
/// What trails behind a round: acknowledging the queue, closing connections.
const PAUSE: Duration = Duration::from_millis(500);
/// The names of threads.
const PROVIDER: &str = "provider";
const SENDER: &str = "sender";

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let server = runtime("server");
    let provider = runtime(PROVIDER);
    let sender = runtime(SENDER);
    for (name, kind) in [
        ("fcm", DeviceKind::Fcm),
        ("apns", DeviceKind::Apns),
        ("webpush", DeviceKind::Webpush),
    ] {
        if chosen.is_empty() || chosen.iter().any(|choice| choice == name) {
            let started = provider.block_on(async {
                Providers {
                    fcm: FakeFcm::start().await,
                    apns: FakeApns::start().await,
                    web: FakeWebPush::start().await,
                }
            });
            server.block_on(measure(name, kind, started, sender.handle()));
        }
    }
}

fn runtime(name: &str) -> Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let built = builder.thread_name(name).enable_all().build();
    built.expect("threads can be started")
}

/// Processor time, seconds, of this process's threads by what they do.
#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    server: f64,
    provider: f64,
}

impl Spent {
    /// Reads it; threads that ended count no more.
    fn now() -> Self {
        let mut spent = Self::default();
        let tasks = fs::read_dir("/proc/self/task").expect("Linux lists threads");
        for task in tasks.flatten() {
            let read = |file: &str| fs::read_to_string(task.path().join(file)).unwrap_or_default();
            let (name, times) = (read("comm"), read("schedstat"));
            let nanos = times
                .split(' ')
                .next()
                .and_then(|time| time.parse::<f64>().ok());
            let seconds = nanos.unwrap_or(0.0) / 1e9;
            match name.trim() {
                PROVIDER => spent.provider += seconds,
                SENDER => {}
                _ => spent.server += seconds,
            }
        }
        spent
    }

    fn since(before: Self) -> Self {
        let now = Self::now();
        Self {
            server: now.server - before.server,
            provider: now.provider - before.provider,
        }
    }
}

struct Providers {
    fcm: FakeFcm,
    apns: FakeApns,
    web: FakeWebPush,
}

impl Providers {
    fn desk(&self, kind: DeviceKind) -> &Desk {
        match kind {
            DeviceKind::Fcm => self.fcm.desk(),
            DeviceKind::Apns => self.apns.desk(),
            DeviceKind::Webpush => self.web.desk(),
        }
    }

    fn address(&self, kind: DeviceKind, number: usize) -> String {
        match kind {
            DeviceKind::Fcm | DeviceKind::Apns => format!("token-{number}"),
            DeviceKind::Webpush => {
                let browser = Browser(u8::try_from(number % 100).expect("below 100"));
                let text = self.web.subscription(browser);
                // Each an address of its own at the service, whose keys are one of a hundred browsers'.
                text.replacen(
                    &format!("{}\"", browser.address()),
                    &format!("{}?{number}\"", browser.address()),
                    1,
                )
            }
        }
    }
}

async fn measure(name: &str, kind: DeviceKind, providers: Providers, sender: &Handle) {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Arc::new(start(directory.path(), &providers).await);
    let chats = chats(&server).await;
    // Warm, then without devices.
    send(&server, &chats, 0, sender).await;
    let before = Spent::now();
    send(&server, &chats, 0, sender).await;
    tokio::time::sleep(PAUSE).await;
    let without = Spent::since(before).server;
    register(&server, &providers, kind).await;
    for round in 1..=ROUNDS {
        let desk = providers.desk(kind);
        let told_before = desk.taken().len();
        let (before, begun) = (Spent::now(), Instant::now());
        send(&server, &chats, round, sender).await;
        desk.took(told_before + chats.len()).await;
        let told_in = begun.elapsed().as_secs_f64();
        tokio::time::sleep(PAUSE).await;
        let spent = Spent::since(before);
        let notes = chats.len() as f64;
        let worker = spent.server - without;
        println!(
            "{name}: {:>6.0} notes/s (round {round}: {notes} messages told in {told_in:.2} s); CPU, ms per 1,000 \
             notes: worker {:.0} ({:.0} notes/s a core), provider {:.0}, sending {:.0}",
            notes / told_in,
            worker * 1e6 / notes,
            notes / worker,
            spent.provider * 1e6 / notes,
            without * 1e6 / notes,
        );
    }
    let server = Arc::into_inner(server).expect("nobody sends any more");
    server.shutdown().await;
}

async fn start(directory: &std::path::Path, providers: &Providers) -> Server {
    let path = |name: &str| {
        let path = directory.join(name);
        path.to_str().expect("a path of text").to_owned()
    };
    std::fs::write(path("account.json"), providers.fcm.service_account()).expect("a file");
    std::fs::write(path("key.p8"), APNS_KEY).expect("a file");
    let pairs = [
        ("listen", "127.0.0.1:0".into()),
        ("data_dir", path("data")),
        ("limits.rates", "off".into()),
        ("storage.min_free", "0".into()),
        ("push.fcm.service_account", path("account.json")),
        ("push.fcm.url", providers.fcm.url()),
        ("push.apns.key_file", path("key.p8")),
        ("push.apns.key_id", APNS_KEY_ID.into()),
        ("push.apns.team_id", APNS_TEAM.into()),
        ("push.apns.topic", APNS_TOPIC.into()),
        ("push.apns.url", providers.apns.url()),
        ("push.webpush.private", "true".into()),
    ];
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let config = Config::of(&pairs).expect("a configuration");
    Server::start(config).await.expect("the server starts")
}

fn person(number: usize) -> UserId {
    UserId::new(&format!("person-{number}")).expect("an id")
}

/// Makes people, each with a direct chat with the author.
async fn chats(server: &Server) -> Vec<ChatId> {
    let ports = server.node().ports();
    let author = UserId::new(AUTHOR).expect("an id");
    let mut rows = vec![UserRow::new(author.clone(), Timestamp::default())];
    rows.extend((0..CHATS).map(|number| UserRow::new(person(number), Timestamp::default())));
    ports.accounts.create_users(rows).await.expect("users");
    let mut chats = Vec::with_capacity(CHATS);
    for number in 0..CHATS {
        let (caller, other) = (Caller::user(author.clone()), person(number));
        let made = server.node().owner().create_direct(&caller, &other).await;
        chats.push(made.expect("a chat"));
    }
    chats
}

/// Gives each of them a device.
async fn register(server: &Server, providers: &Providers, kind: DeviceKind) {
    server.node().owner().feed_devices();
    for number in 0..CHATS {
        let device = DeviceRow {
            user: person(number),
            device: DeviceId::new("phone").expect("an id"),
            kind,
            address: providers.address(kind, number),
            locale: None,
            updated_at: Timestamp::default(),
        };
        let accounts = &server.node().ports().accounts;
        accounts.put_device(device).await.expect("a device");
    }
}

/// Sends one message to each chat.
async fn send(server: &Arc<Server>, chats: &[ChatId], round: usize, sender: &Handle) {
    let mut sending = JoinSet::new();
    for part in chats.chunks(chats.len().div_ceil(SENDERS)) {
        let (owner, part) = (Arc::clone(server.node().owner()), part.to_vec());
        let sent = async move {
            let caller = Caller::user(UserId::new(AUTHOR).expect("an id"));
            for chat in part {
                let message = NewMessage {
                    content: format!("round {round}: shall we have lunch at the usual place?"),
                    ..NewMessage::default()
                };
                let sent = owner.execute(&caller, chat, Command::Send(message)).await;
                sent.expect("a message");
            }
        };
        sending.spawn_on(sent, sender);
    }
    while let Some(sent) = sending.join_next().await {
        sent.expect("nobody panics");
    }
}
