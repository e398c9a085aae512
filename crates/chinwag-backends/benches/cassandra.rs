//! Sends through the owner into a real Cassandra, against a bare loop of the driver that writes the very same rows.
//!
//! `scripts/engines/up cassandra && cargo bench -p chinwag-backends --bench cassandra [-- MESSAGES ROUNDS]`; the node
//! is at `CHINWAG_TEST_CASSANDRA` (127.0.0.1:19042). Rounds alternate.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chinwag_backends::cassandra::{Cassandra, Options};
use chinwag_core::{
    Clock, SystemClock,
    delivery::Delivery,
    memory::{MemoryBus, MemoryPresence, MemoryStore},
    model::{LogRow, NodeId, UserRow},
    owner::{Caller, Command, NewMessage, Owner, OwnerPorts, OwnerSettings},
    ports::{Accounts as _, MessageStore as _, Order, ReadRange, Stamp},
};
use chinwag_proto::{ChatId, ClientId, Seq, UserId};
use futures_util::{StreamExt as _, stream};
use scylla::{
    client::{session::Session, session_builder::SessionBuilder},
    statement::prepared::PreparedStatement,
};

const IN_FLIGHT: usize = 512;
const CONTENT_BYTES: usize = 200;
const KEYSPACE: &str = "chinwag_bench";
/// A window of client ids answers alone for ids this much younger than the chat in memory, milliseconds.
const WINDOW_AGE_MS: i64 = 4 * 60 * 1_000;
/// How long until the lease is renewed, with ids of the time then.
const RENEWED: Duration = Duration::from_secs(5);

fn main() {
    // Cargo adds arguments of its own.
    let numbers: Vec<usize> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let messages = numbers.first().copied().unwrap_or(50_000) / IN_FLIGHT * IN_FLIGHT;
    let rounds = numbers.get(1).copied().unwrap_or(3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("threads can be started");
    runtime.block_on(run(messages, rounds));
}

async fn run(messages: usize, rounds: usize) {
    let bench = Bench::start().await;
    println!("{messages} messages of {CONTENT_BYTES} bytes, {IN_FLIGHT} in flight, one node");
    let mut shares = Vec::new();
    for round in 1..=rounds {
        let owner = bench.through_owner(messages).await;
        let rows = bench.last_rows(messages / IN_FLIGHT).await;
        let bare = bench.bare(&rows).await;
        let single = bench.single_inserts(&rows).await;
        let share = owner / bare * 100.0;
        println!(
            "round {round}: owner {owner:.0}/s ({share:.0} % of the bare loop's {bare:.0}/s); single inserts {single:.0}/s"
        );
        shares.push(share);
    }
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    println!("mean: {mean:.0} % of the bare loop");
    bench.owner.stop().await;
}

struct Bench {
    owner: Arc<Owner>,
    store: Arc<Cassandra>,
    clock: Arc<SystemClock>,
    chats: Vec<(UserId, ChatId)>,
    session: Session,
    put_log: PreparedStatement,
    put_id: PreparedStatement,
    put_sent: PreparedStatement,
}

impl Bench {
    async fn start() -> Self {
        let address =
            std::env::var("CHINWAG_TEST_CASSANDRA").unwrap_or_else(|_| "127.0.0.1:19042".into());
        let session = SessionBuilder::new().known_node(&address).build().await;
        let session = session.expect("Cassandra must run: scripts/engines/up cassandra");
        // Chats are new: in those of an earlier run each send would look first whether it came before.
        let drop = format!("DROP KEYSPACE IF EXISTS {KEYSPACE}");
        let dropped = session.query_unpaged(drop, ()).await;
        dropped.expect("what an earlier run left is removed");
        let options = Options {
            contact_points: vec![address],
            keyspace: KEYSPACE.into(),
            replication: 1,
            ..Options::default()
        };
        let store = Cassandra::open(&options).await.expect("the keyspace opens");
        let clock = Arc::new(SystemClock::default());
        let owner = owner(&store, &clock).await;
        let chats = chats(&owner, &store, &clock).await;
        clock.correct(WINDOW_AGE_MS);
        tokio::time::sleep(RENEWED).await;
        session
            .use_keyspace(KEYSPACE, false)
            .await
            .expect("it is there");
        Self {
            put_log: prepare(
                &session,
                "log (chat_id, part, place, event) VALUES (?, ?, ?, ?)",
            )
            .await,
            put_id: prepare(&session, "ids (id, chat_id, place) VALUES (?, ?, ?)").await,
            put_sent: prepare(
                &session,
                "sent (chat_id, user_id, client_id, place, id) VALUES (?, ?, ?, ?, ?)",
            )
            .await,
            owner,
            store,
            clock,
            chats,
            session,
        }
    }

    /// Sends from as many users as are in flight, each waiting for its acknowledgement; messages a second.
    async fn through_owner(&self, messages: usize) -> f64 {
        let start = Instant::now();
        let senders = self.chats.iter().map(|(user, chat)| {
            let (owner, clock) = (Arc::clone(&self.owner), Arc::clone(&self.clock));
            let (caller, chat) = (Caller::user(user.clone()), *chat);
            tokio::spawn(async move {
                for _ in 0..messages / IN_FLIGHT {
                    let message = NewMessage {
                        client_id: Some(client_id(&clock)),
                        content: "x".repeat(CONTENT_BYTES),
                        ..NewMessage::default()
                    };
                    let sent = owner.execute(&caller, chat, Command::Send(message)).await;
                    sent.expect("it is stored");
                }
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.expect("no sender fails");
        }
        messages as f64 / start.elapsed().as_secs_f64()
    }

    /// Reads what the owner wrote last.
    async fn last_rows(&self, of_each: usize) -> Vec<(ChatId, LogRow)> {
        let mut all = Vec::new();
        for (_, chat) in &self.chats {
            let range = ReadRange {
                from: Seq(1),
                through: Seq(u64::MAX >> 1),
                limit: of_each,
                order: Order::Falling,
                messages_only: true,
            };
            let rows = self.store.read(*chat, range).await.expect("it reads");
            all.extend(rows.into_iter().map(|row| (*chat, row)));
        }
        all
    }

    /// Writes the same rows, each message's at once; messages a second.
    async fn bare(&self, rows: &[(ChatId, LogRow)]) -> f64 {
        let writes = rows.iter().map(|(chat, row)| async move {
            let (chat, place, id) = (chat.0 as i64, row.seq.0 as i64, row.id.0 as i64);
            let stamp = stamp(row);
            let client_id = row.client_id.as_ref().expect("each has one");
            let sent = (
                chat,
                row.user.as_str(),
                client_id.as_str(),
                place,
                id,
                stamp,
            );
            let written = futures_util::try_join!(
                self.session
                    .execute_unpaged(&self.put_id, (id, chat, place, stamp)),
                self.session.execute_unpaged(&self.put_sent, sent),
                self.put_row(chat, row, stamp),
            );
            written.expect("it is written");
        });
        timed(rows.len(), writes.collect()).await
    }

    /// Writes the log's rows alone; rows a second.
    async fn single_inserts(&self, rows: &[(ChatId, LogRow)]) -> f64 {
        let writes = rows.iter().map(|(chat, row)| async move {
            let written = self.put_row(chat.0 as i64, row, stamp(row)).await;
            written.expect("it is written");
        });
        timed(rows.len(), writes.collect()).await
    }

    async fn put_row(
        &self,
        chat: i64,
        row: &LogRow,
        stamp: i64,
    ) -> Result<scylla::response::query_result::QueryResult, scylla::errors::ExecutionError> {
        let place = row.seq.0 as i64;
        let values = (chat, place / 4_096, place, row.to_bytes(), stamp);
        self.session.execute_unpaged(&self.put_log, values).await
    }
}

async fn timed<F: Future<Output = ()>>(count: usize, writes: Vec<F>) -> f64 {
    let start = Instant::now();
    stream::iter(writes)
        .buffer_unordered(IN_FLIGHT)
        .collect::<Vec<_>>()
        .await;
    count as f64 / start.elapsed().as_secs_f64()
}

fn stamp(row: &LogRow) -> i64 {
    let stamp = Stamp {
        term: row.term,
        seq: row.seq,
    };
    stamp.as_i64()
}

async fn prepare(session: &Session, insert: &str) -> PreparedStatement {
    let text = format!("INSERT INTO {insert} USING TIMESTAMP ?");
    session.prepare(text).await.expect("the table is there")
}

fn client_id(clock: &SystemClock) -> ClientId {
    let millis = clock.now().unix_millis().unsigned_abs();
    let time = uuid::Timestamp::from_unix(
        uuid::NoContext,
        millis / 1_000,
        (millis % 1_000) as u32 * 1_000_000,
    );
    ClientId::new(&uuid::Uuid::new_v7(time).to_string()).expect("a UUID is a client id")
}

async fn owner(store: &Arc<Cassandra>, clock: &Arc<SystemClock>) -> Arc<Owner> {
    let presence = Arc::new(MemoryPresence::new(Arc::clone(clock) as Arc<dyn Clock>));
    let ports = OwnerPorts {
        store: Arc::clone(store) as _,
        directory: Arc::clone(store) as _,
        accounts: Arc::clone(store) as _,
        ownership: Arc::clone(store) as _,
        queue: Arc::new(MemoryStore::new()),
        marks: None,
        delivery: Arc::new(Delivery::new(
            NodeId(0),
            presence,
            Arc::new(MemoryBus::new()),
        )),
        clock: Arc::clone(clock) as _,
    };
    let owner = Owner::start(ports, OwnerSettings::default()).await;
    owner.expect("the owner starts")
}

/// Makes a direct chat for each sender, with one message in it, so that it is in memory.
async fn chats(
    owner: &Arc<Owner>,
    store: &Arc<Cassandra>,
    clock: &Arc<SystemClock>,
) -> Vec<(UserId, ChatId)> {
    let user = |name: String| UserId::new(&name).expect("a name");
    let peer = user("peer".into());
    let senders: Vec<UserId> = (0..IN_FLIGHT).map(|n| user(format!("sender{n}"))).collect();
    let rows = senders.iter().chain([&peer]);
    let rows = rows.map(|user| UserRow::new(user.clone(), clock.now()));
    let made = store.create_users(rows.collect()).await;
    made.expect("users are made");
    let mut chats = Vec::new();
    for sender in senders {
        let caller = Caller::user(sender.clone());
        let chat = owner.create_direct(&caller, &peer).await;
        let chat = chat.expect("the chat is made");
        let first = NewMessage {
            content: "first".into(),
            ..NewMessage::default()
        };
        let sent = owner.execute(&caller, chat, Command::Send(first)).await;
        sent.expect("it is stored");
        chats.push((sender, chat));
    }
    chats
}
