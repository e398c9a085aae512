//! The search index on real messages: how fast it is fed, how large it is, how long searches take.
//!
//! `CHINWAG_CORPUS=FILE cargo bench -p chinwag-backends --bench search`, FILE being JSON lines of `chat`, `user` and
//! `text`, compressed by zstd: what `chinwag import` takes. The index lies below the system's temporary directory
//! (`TMPDIR`): take one on the disk that matters.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::Path,
    time::{Duration, Instant},
};

use chinwag_backends::tantivy::{Options, TantivySearch};
use chinwag_core::{
    model::Intervals,
    ports::{Scope, SearchDocument, SearchIndex, SearchRequest},
    search::analyze,
};
use chinwag_proto::{ChatId, EventId, Seq, Timestamp, UserId};
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom as _};

/// As in the server.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Records that the indexer takes at a time under load, and on a quiet day.
const BUSY: usize = 2_000;
const QUIET: usize = 20;
const QUIET_BATCHES: usize = 200;
/// Searches of each kind.
const SEARCHES: usize = 2_000;
/// Chats of one who is in many.
const MANY_CHATS: u64 = 5_000;

fn main() {
    let Ok(corpus) = std::env::var("CHINWAG_CORPUS") else {
        println!("search: set CHINWAG_CORPUS to a file of messages, see benches/search.rs");
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("threads can be started");
    runtime.block_on(run(&read(Path::new(&corpus))));
}

#[derive(serde::Deserialize)]
struct Line {
    chat: String,
    user: String,
    text: String,
}

/// Reads messages; the file's order is that of ids.
fn read(path: &Path) -> Vec<SearchDocument> {
    let file = std::fs::File::open(path).expect("the corpus can be opened");
    let lines = BufReader::new(zstd::Decoder::new(file).expect("it is compressed by zstd")).lines();
    let mut chats: HashMap<String, (u64, u64)> = HashMap::new();
    let document = |(number, line): (u64, String)| {
        let line: Line = serde_json::from_str(&line).expect("a line is a message");
        let count = chats.len() as u64;
        let (chat, seq) = chats.entry(line.chat).or_insert((count + 1, 0));
        *seq += 1;
        SearchDocument {
            id: EventId(number),
            chat: ChatId(*chat),
            seq: Seq(*seq),
            sender: UserId::new(&line.user).expect("a speaker has an id"),
            timestamp: Timestamp::from_unix_millis(number as i64 * 1_000),
            content: Some(line.text),
            change_seq: Seq(*seq),
        }
    };
    let lines = lines.map(|line| line.expect("the corpus can be read"));
    (1..).zip(lines).map(document).collect()
}

async fn run(messages: &[SearchDocument]) {
    let text: usize = messages
        .iter()
        .filter_map(|one| one.content.as_ref())
        .map(String::len)
        .sum();
    println!("{} messages, {} bytes of text", messages.len(), text);
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let started = Instant::now();
    let index = open(directory.path());
    index
        .rebuild()
        .await
        .expect("it begins")
        .finish()
        .await
        .expect("it ends");
    println!("opened, new: {:.1?}", started.elapsed());

    feed(&index, messages, BUSY, "by batches of a busy day").await;
    let quiet = messages
        .iter()
        .take(QUIET * QUIET_BATCHES)
        .enumerate()
        .map(|(number, message)| SearchDocument {
            id: EventId((messages.len() + number) as u64 + 1),
            chat: ChatId(MANY_CHATS + 1),
            ..message.clone()
        });
    feed(
        &index,
        &quiet.collect::<Vec<_>>(),
        QUIET,
        "by batches of a quiet day",
    )
    .await;
    let edits: Vec<SearchDocument> = messages.iter().step_by(50).cloned().map(edited).collect();
    feed(&index, &edits, QUIET, "edits, by batches of a quiet day").await;
    index
        .remove_chat(ChatId(MANY_CHATS + 1))
        .await
        .expect("it goes");
    drop(index);
    let started = Instant::now();
    let index = open(directory.path());
    println!("opened, full: {:.1?}", started.elapsed());

    let (started, cpu) = (Instant::now(), cpu_time());
    let mut rebuild = index.rebuild().await.expect("it begins");
    for batch in messages.chunks(1_000) {
        rebuild.add(batch.to_vec()).await.expect("it is added");
    }
    rebuild.finish().await.expect("it ends");
    report(
        "rebuilt",
        messages.len(),
        started.elapsed(),
        cpu_time() - cpu,
    );
    // Merges go on for a moment.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let size = size(directory.path());
    println!(
        "size: {size} bytes, {:.0} a message",
        size as f64 / messages.len() as f64
    );
    searches(&index, messages).await;
}

fn open(directory: &Path) -> TantivySearch {
    let options = Options {
        min_free_bytes: 0,
        ..Options::default()
    };
    TantivySearch::open(directory, options).expect("it can be opened")
}

fn edited(message: SearchDocument) -> SearchDocument {
    SearchDocument {
        change_seq: Seq(message.change_seq.0 + 1_000_000),
        ..message
    }
}

async fn feed(index: &TantivySearch, messages: &[SearchDocument], batch: usize, what: &str) {
    let (started, cpu) = (Instant::now(), cpu_time());
    let mut times = Vec::new();
    for batch in messages.chunks(batch) {
        let began = Instant::now();
        index.upsert(batch.to_vec()).await.expect("it is written");
        times.push(began.elapsed());
    }
    report(what, messages.len(), started.elapsed(), cpu_time() - cpu);
    times.sort();
    println!("    a batch of {batch}: {}", percentiles(&times));
}

fn report(what: &str, count: usize, time: Duration, cpu: Duration) {
    let rate = count as f64 / time.as_secs_f64();
    let each = cpu.as_secs_f64() * 1e6 / count as f64;
    println!("{what}: {count} in {time:.2?}, {rate:.0}/s, {each:.1} ms of CPU per 1,000");
}

fn percentiles(sorted: &[Duration]) -> String {
    let at = |part: f64| sorted[((sorted.len() - 1) as f64 * part) as usize];
    format!(
        "p50 {:.2?}, p99 {:.2?}, most {:.2?}",
        at(0.5),
        at(0.99),
        at(1.0)
    )
}

/// Processor time of all threads, to 10 ms.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |index: usize| -> u64 {
        let field = after_name.split_whitespace().nth(index);
        field.and_then(|field| field.parse().ok()).unwrap_or(0)
    };
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

fn size(directory: &Path) -> u64 {
    let entries = std::fs::read_dir(directory).expect("the directory can be read");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("the directory can be read");
        match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        }
    });
    sizes.sum()
}

async fn searches(index: &TantivySearch, messages: &[SearchDocument]) {
    let mut random = StdRng::seed_from_u64(1);
    let words = Words::of(messages);
    let all = |_: &mut StdRng| (1..=182).collect::<Vec<u64>>();
    let many = |_: &mut StdRng| (1..=MANY_CHATS).collect::<Vec<u64>>();
    let one = |random: &mut StdRng| vec![rand::Rng::random_range(random, 1..=182)];
    type Chats<'a> = &'a dyn Fn(&mut StdRng) -> Vec<u64>;
    let kinds: [(&str, &Vec<String>, Chats<'_>); 9] = [
        ("a common word", &words.common, &all),
        ("a common word, 5,000 chats", &words.common, &many),
        ("a common word, one chat", &words.common, &one),
        ("a usual word", &words.usual, &all),
        ("a rare word", &words.rare, &all),
        ("a rare word, 5,000 chats", &words.rare, &many),
        ("a beginning of 1 to 3 letters", &words.beginnings, &all),
        ("two words in quotes", &words.phrases, &all),
        ("while it's typed", &words.typed, &all),
    ];
    for (what, queries, chats) in kinds {
        let mut times = Vec::new();
        let mut hits = 0;
        for number in 0..SEARCHES + 100 {
            let request = SearchRequest {
                query: queries.choose(&mut random).cloned().unwrap_or_default(),
                scope: scope(&chats(&mut random)),
                sender: None,
                from: None,
                to: None,
                before: None,
                limit: 50,
            };
            let began = Instant::now();
            let page = index.search(request).await.expect("it is searched");
            // The first ones warm up.
            if number >= 100 {
                times.push(began.elapsed());
                hits += page.total;
            }
        }
        times.sort();
        println!(
            "{what}: {}, {} hits on average",
            percentiles(&times),
            hits / SEARCHES as u64
        );
    }
}

fn scope(chats: &[u64]) -> Scope {
    let chats = chats
        .iter()
        .map(|id| (ChatId(*id), Intervals::from(Seq(1))));
    Scope(chats.collect())
}

/// Queries of several kinds, from the messages themselves.
struct Words {
    common: Vec<String>,
    usual: Vec<String>,
    rare: Vec<String>,
    beginnings: Vec<String>,
    phrases: Vec<String>,
    typed: Vec<String>,
}

impl Words {
    fn of(messages: &[SearchDocument]) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        let mut phrases = Vec::new();
        for message in messages {
            let mut terms: Vec<String> = analyze(message.content.as_deref().unwrap_or_default())
                .into_iter()
                .map(|token| token.term)
                .collect();
            if message.id.0 % 100 == 0
                && let Some(two) = terms.windows(2).next()
            {
                phrases.push(format!("\"{} {}\"", two[0], two[1]));
            }
            terms.sort();
            terms.dedup();
            for term in terms {
                *counts.entry(term).or_default() += 1;
            }
        }
        let mut sorted: Vec<(u32, String)> = counts
            .into_iter()
            .map(|(term, count)| (count, term))
            .collect();
        sorted.sort_by(|one, other| other.cmp(one));
        let between = |least: u32, most: u32| -> Vec<String> {
            let terms = sorted
                .iter()
                .filter(|(count, _)| (least..=most).contains(count));
            terms.map(|(_, term)| format!("{term} ")).collect()
        };
        let common = between(sorted[99].0, u32::MAX);
        let cut = |length: usize| {
            common
                .iter()
                .map(move |word| word.chars().take(length).collect())
        };
        Self {
            usual: between(100, 1_000),
            rare: between(1, 3),
            beginnings: (1..=3).flat_map(cut).collect(),
            phrases,
            typed: ["i'm", "it's", "don't", "can't", "that's", "i've"]
                .map(String::from)
                .into(),
            common,
        }
    }
}
