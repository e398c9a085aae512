//! How many notes a second one push worker brings to a provider: from the send of a message through the queue, the
//! look at its members, badge and text, to the provider's answer, the whole server in one process with the provider.
//!
//! `cargo bench -p chinwag-server --bench push [-- fcm|apns|webpush …]`. The provider is on this machine and checks
//! what it is sent, on the same cores: APNs verifies the team's signature and Web Push decrypts, at each note. The
//! data lies below the system's temporary directory (`TMPDIR`).

use std::time::{Duration, Instant};

use chinwag_conformance::providers::{
    APNS_KEY, APNS_KEY_ID, APNS_TEAM, APNS_TOPIC, Browser, Desk, FakeApns, FakeFcm, FakeWebPush,
};
use chinwag_core::{
    model::{DeviceRow, UserRow},
    owner::{Caller, Command, NewMessage},
};
use chinwag_proto::{ChatId, DeviceId, Timestamp, UserId, http::DeviceKind};
use chinwag_server::{Server, config::Config};
use tokio::task::JoinSet;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Direct chats, each with somebody who has a device: notes of one chat and device would replace each other.
const CHATS: usize = 5_000;
const ROUNDS: usize = 4;
/// Sends under way at a time.
const SENDERS: usize = 64;
const AUTHOR: &str = "author";

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads can be started");
    for (name, kind) in [
        ("fcm", DeviceKind::Fcm),
        ("apns", DeviceKind::Apns),
        ("webpush", DeviceKind::Webpush),
    ] {
        if chosen.is_empty() || chosen.iter().any(|choice| choice == name) {
            runtime.block_on(measure(name, kind));
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

async fn measure(name: &str, kind: DeviceKind) {
    let directory = tempfile::tempdir().expect("a directory");
    let providers = Providers {
        fcm: FakeFcm::start().await,
        apns: FakeApns::start().await,
        web: FakeWebPush::start().await,
    };
    let server = start(directory.path(), &providers).await;
    let chats = chats(&server, &providers, kind).await;
    for round in 1..=ROUNDS {
        let desk = providers.desk(kind);
        let before = desk.taken().len();
        let begun = Instant::now();
        send(&server, &chats, round).await;
        let sent_in = begun.elapsed();
        desk.took(before + chats.len()).await;
        let all_in = begun.elapsed();
        println!(
            "{name}: {:>6.0} notes/s (round {round}: {} messages sent in {:.2} s, told in {:.2} s)",
            chats.len() as f64 / all_in.as_secs_f64(),
            chats.len(),
            sent_in.as_secs_f64(),
            all_in.as_secs_f64(),
        );
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
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

/// Makes people, each with a device and a direct chat with the author.
async fn chats(server: &Server, providers: &Providers, kind: DeviceKind) -> Vec<ChatId> {
    let ports = server.node().ports();
    let person = |number: usize| UserId::new(&format!("person-{number}")).expect("an id");
    server.node().owner().feed_devices();
    let author = UserId::new(AUTHOR).expect("an id");
    let mut rows = vec![UserRow::new(author.clone(), Timestamp::default())];
    rows.extend((0..CHATS).map(|number| UserRow::new(person(number), Timestamp::default())));
    ports.accounts.create_users(rows).await.expect("users");
    let mut chats = Vec::with_capacity(CHATS);
    for number in 0..CHATS {
        let device = DeviceRow {
            user: person(number),
            device: DeviceId::new("phone").expect("an id"),
            kind,
            address: providers.address(kind, number),
            locale: None,
            updated_at: Timestamp::default(),
        };
        ports.accounts.put_device(device).await.expect("a device");
        let (caller, other) = (Caller::user(author.clone()), person(number));
        let made = server.node().owner().create_direct(&caller, &other).await;
        chats.push(made.expect("a chat"));
    }
    chats
}

/// Sends one message to each chat.
async fn send(server: &Server, chats: &[ChatId], round: usize) {
    let mut sending = JoinSet::new();
    for part in chats.chunks(chats.len().div_ceil(SENDERS)) {
        let (owner, part) = (std::sync::Arc::clone(server.node().owner()), part.to_vec());
        sending.spawn(async move {
            let caller = Caller::user(UserId::new(AUTHOR).expect("an id"));
            for chat in part {
                let message = NewMessage {
                    content: format!("round {round}: shall we have lunch at the usual place?"),
                    ..NewMessage::default()
                };
                let sent = owner.execute(&caller, chat, Command::Send(message)).await;
                sent.expect("a message");
            }
        });
    }
    while let Some(sent) = sending.join_next().await {
        sent.expect("nobody panics");
    }
}
