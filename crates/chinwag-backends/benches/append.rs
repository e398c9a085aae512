//! The embedded engine against a bare fjall loop that writes the very same keys and values, and the latency of a
//! page of a long chat, and of looking for requests in a large store.
//!
//! `cargo bench -p chinwag-backends --bench append [-- MESSAGES ROUNDS LARGE]`; the large store has LARGE messages. Rounds
//! alternate, in new directories below the system's temporary one (`TMPDIR`): take one on the disk that matters.

use std::{
    collections::HashMap,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use chinwag_backends::fjall::{Embedded, Options};
use chinwag_core::{
    model::{LogRow, RowBody, StoredMessage, Term},
    ports::{Append, GroupSet, MessageStore, Order, QueueGroup, ReadRange},
};
use chinwag_proto::{ChatId, ClientId, EventId, Seq, Timestamp, UserId};
use rand::{Rng, SeedableRng, rngs::StdRng};

const CHATS: u64 = 100_000;
const BATCH: usize = 500;
const SENDERS: usize = 1_000;
const LONG_CHAT: u64 = 225_976;
const PAGES: usize = 20_000;
const LOOKUPS: usize = 20_000;

fn main() {
    // Cargo adds arguments of its own.
    let numbers: Vec<usize> = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .collect();
    let messages = numbers.first().copied().unwrap_or(300_000);
    let rounds = numbers.get(1).copied().unwrap_or(3);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .expect("threads can be started");

    println!(
        "{messages} messages of 200 bytes into {CHATS} chats, skewed, {BATCH} a batch, one sync each"
    );
    let rows = rows_of(&runtime, messages);
    let mut results: [Vec<f64>; 4] = Default::default();
    for round in 1..=rounds {
        let bare = bare(&rows, messages);
        let one = runtime.block_on(engine(batches(messages, BATCH), 1));
        let four = runtime.block_on(engine(batches(messages, BATCH), 4));
        let single = runtime.block_on(engine(singles(messages), SENDERS));
        print(&format!("round {round}"), [bare, one, four, single]);
        for (list, result) in results.iter_mut().zip([bare, one, four, single]) {
            list.push(result);
        }
    }
    print(
        "mean",
        results.map(|list| list.iter().sum::<f64>() / list.len() as f64),
    );
    runtime.block_on(pages());
    // Large beside the engine's cache.
    let many = numbers.get(2).copied().unwrap_or(5_000_000);
    runtime.block_on(lookups(many));
    starts();
}

fn print(what: &str, [bare, one, four, single]: [f64; 4]) {
    let share = |rate: f64| format!("{rate:.0}/s ({:.0} %)", rate / bare * 100.0);
    println!(
        "{what}: bare {bare:.0}/s; engine {}, with 4 callers {}, with {SENDERS} senders of one each {}",
        share(one),
        share(four),
        share(single)
    );
}

/// Makes the messages, the same ones each time.
fn batches(messages: usize, batch: usize) -> Vec<Vec<Append>> {
    let mut random = StdRng::seed_from_u64(7);
    let mut heads = HashMap::new();
    let appends: Vec<_> = (1..=messages as u64)
        .map(|number| {
            let skew: f64 = random.random::<f64>().powi(3);
            let chat = ChatId((skew * CHATS as f64) as u64 + 1);
            let seq = heads.entry(chat).and_modify(|seq| *seq += 1).or_insert(1);
            message(chat, *seq, EventId(number << 12))
        })
        .collect();
    appends.chunks(batch).map(<[Append]>::to_vec).collect()
}

/// Makes messages one by one, each sender's into chats of its own, in order: as owners hand them in.
fn singles(messages: usize) -> Vec<Vec<Append>> {
    let chats_each = CHATS / SENDERS as u64;
    (0..messages as u64)
        .map(|number| {
            let (sender, sent) = (number % SENDERS as u64, number / SENDERS as u64);
            let chat = ChatId(sender * chats_each + sent % chats_each + 1);
            let id = EventId((number + 1) << 12);
            vec![message(chat, sent / chats_each + 1, id)]
        })
        .collect()
}

/// Returns who sent a message, under which id of the client.
fn request(chat: ChatId, id: EventId) -> (UserId, ClientId) {
    let user = UserId::new(&format!("user-{}", chat.0 % 5_000)).expect("a user id");
    let client_id = format!("0190a3f4-7c11-7000-8000-{:012x}", id.0);
    (user, ClientId::new(&client_id).expect("a client id"))
}

fn message(chat: ChatId, seq: u64, id: EventId) -> Append {
    let (user, client_id) = request(chat, id);
    Append {
        chat,
        row: LogRow {
            term: Term(1),
            confirmed: Seq(seq - 1),
            seq: Seq(seq),
            id,
            user,
            timestamp: Timestamp::from_unix_millis(1_700_000_000_000 + id.0.cast_signed()),
            count: seq,
            previous_message: Seq(seq - 1),
            client_id: Some(client_id),
            digest: Some(id.0),
            body: RowBody::Message(Arc::new(StoredMessage {
                content: "lorem ipsum dolor sit amet ".repeat(8)[..200].into(),
                ..StoredMessage::default()
            })),
        },
        follows: Vec::new(),
        groups: GroupSet::of(&[QueueGroup::Indexer]),
    }
}

/// Appends everything and returns messages per second; `callers` appends are in flight at once.
async fn engine(batches: Vec<Vec<Append>>, callers: usize) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(directory.path(), Options::default()).expect("a new directory");
    let messages: usize = batches.iter().map(Vec::len).sum();
    let mut shares: Vec<Vec<Vec<Append>>> = (0..callers).map(|_| Vec::new()).collect();
    for (number, batch) in batches.into_iter().enumerate() {
        shares[number % callers].push(batch);
    }
    let started = Instant::now();
    let tasks: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for batch in share {
                    store.append(batch).await.expect("an append");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("an appender");
    }
    messages as f64 / started.elapsed().as_secs_f64()
}

type Rows = Vec<Vec<(Vec<u8>, Vec<u8>)>>;

/// Returns the rows that the engine writes for each batch, in its order, read from what it wrote.
fn rows_of(runtime: &tokio::runtime::Runtime, messages: usize) -> Rows {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(directory.path(), Options::default()).expect("a new directory");
    for batch in batches(messages, BATCH) {
        runtime.block_on(store.append(batch)).expect("an append");
    }
    drop(store);
    let (_database, keyspace) = open_bare(&directory.path().join("store"));
    let value = |key: &[u8]| {
        let value = keyspace
            .get(key)
            .expect("a read")
            .expect("the engine wrote this key");
        value.to_vec()
    };
    let mut position = 0;
    let batches = batches(messages, BATCH);
    batches
        .iter()
        .map(|batch| {
            let mut rows = Vec::with_capacity(batch.len() * 4 + 1);
            for append in batch {
                position += 1;
                for key in keys(append, position) {
                    rows.push((key.clone(), value(&key)));
                }
            }
            rows.push((b"Z".to_vec(), value(b"Z")));
            rows
        })
        .collect()
}

/// Returns the keys of an append: event, id, request, and record of the queue.
fn keys(append: &Append, position: u64) -> [Vec<u8>; 4] {
    let (chat, row) = (append.chat.0.to_be_bytes(), &append.row);
    let client_id = row.client_id.as_ref().expect("a client id");
    [
        [&b"L"[..], &chat, &row.seq.0.to_be_bytes()].concat(),
        [&b"I"[..], &row.id.0.to_be_bytes()].concat(),
        [
            &b"S"[..],
            &chat,
            row.user.as_str().as_bytes(),
            &[0],
            client_id.as_str().as_bytes(),
        ]
        .concat(),
        [&b"E"[..], &position.to_be_bytes()].concat(),
    ]
}

fn open_bare(path: &Path) -> (fjall::Database, fjall::Keyspace) {
    let options = Options::default();
    let database = fjall::Database::builder(path)
        .cache_size(options.cache_bytes)
        .open()
        .expect("a database");
    let keyspace = database
        .keyspace("rows", || {
            fjall::KeyspaceCreateOptions::default().max_memtable_size(options.write_buffer_bytes)
        })
        .expect("a keyspace");
    (database, keyspace)
}

/// Writes the same rows with nothing around, and returns messages per second.
fn bare(rows: &Rows, messages: usize) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let (database, keyspace) = open_bare(directory.path());
    let started = Instant::now();
    for batch in rows {
        let mut writes = fjall::OwnedWriteBatch::with_capacity(database.clone(), batch.len())
            .durability(Some(fjall::PersistMode::SyncData));
        for (key, value) in batch {
            writes.insert(&keyspace, key.as_slice(), value.as_slice());
        }
        writes.commit().expect("a commit");
    }
    messages as f64 / started.elapsed().as_secs_f64()
}

/// Reads the last page of a long chat, and pages at random places, warm.
async fn pages() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(directory.path(), Options::default()).expect("a new directory");
    let chat = ChatId(1);
    let places: Vec<u64> = (1..=LONG_CHAT).collect();
    for places in places.chunks(BATCH) {
        let batch = places
            .iter()
            .map(|seq| message(chat, *seq, EventId(seq << 12)))
            .collect();
        store.append(batch).await.expect("an append");
    }
    let mut random = StdRng::seed_from_u64(8);
    for (name, random_place) in [("the last 50", false), ("50 before a random place", true)] {
        let mut times = Vec::with_capacity(PAGES);
        for _ in 0..PAGES {
            let through = if random_place {
                random.random_range(50..=LONG_CHAT)
            } else {
                LONG_CHAT
            };
            let range = ReadRange {
                from: Seq(1),
                through: Seq(through),
                limit: 50,
                order: Order::Falling,
                messages_only: true,
            };
            let started = Instant::now();
            let rows = store.read(chat, range).await.expect("a page");
            times.push(started.elapsed());
            assert_eq!(rows.len(), 50);
        }
        print_times(&format!("{name} of {LONG_CHAT}"), times);
    }
}

/// Looks for requests at random in a large store, as an owner does of those that may have been sent before.
async fn lookups(messages: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(directory.path(), Options::default()).expect("a new directory");
    let mut sent = Vec::new();
    for batch in batches(messages, BATCH) {
        sent.extend(batch.iter().map(|append| (append.chat, append.row.id)));
        store.append(batch).await.expect("an append");
    }
    let never = ClientId::new("0190a3f4-7c11-7000-8001-000000000000").expect("a client id");
    let mut random = StdRng::seed_from_u64(9);
    for (name, is_there) in [("that are there", true), ("that aren't", false)] {
        let mut times = Vec::with_capacity(LOOKUPS);
        let read_before = bytes_read();
        for _ in 0..LOOKUPS {
            let (chat, id) = sent[random.random_range(0..sent.len())];
            let (user, client_id) = request(chat, id);
            let client_id = if is_there { &client_id } else { &never };
            let started = Instant::now();
            let found = store.sent(chat, &user, client_id).await.expect("an answer");
            times.push(started.elapsed());
            assert_eq!(found.is_some(), is_there);
        }
        let read = (bytes_read() - read_before) / LOOKUPS as u64;
        print_times(
            &format!("requests {name} among {messages}, {read} bytes read for each"),
            times,
        );
    }
}

/// Returns how many bytes this process has read so far, also those that the kernel had in memory.
fn bytes_read() -> u64 {
    let counters = std::fs::read_to_string("/proc/self/io").expect("counters");
    let read = counters
        .lines()
        .find_map(|line| line.strip_prefix("rchar: "));
    read.and_then(|bytes| bytes.parse().ok()).expect("a number")
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[(share * (times.len() - 1) as f64) as usize];
    let total: Duration = times.iter().sum();
    println!(
        "{what}: p50 {:?}, p99 {:?}, highest {:?}, {:.0}/s",
        at(0.5),
        at(0.99),
        at(1.0),
        times.len() as f64 / total.as_secs_f64()
    );
}

/// Opens empty directories, new ones and known ones.
fn starts() {
    let (mut new, mut known) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        let directory = tempfile::tempdir().expect("a directory");
        for times in [&mut new, &mut known] {
            let started = Instant::now();
            let store = Embedded::open(directory.path(), Options::default()).expect("a directory");
            times.push(started.elapsed());
            drop(store);
        }
    }
    new.sort();
    known.sort();
    println!(
        "start on nothing: median {:?}; on an empty directory: median {:?}",
        new[10], known[10]
    );
}
