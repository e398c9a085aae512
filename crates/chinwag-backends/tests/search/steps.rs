//! Random messages, changes and queries, done to an engine and to the reference in memory: what is found must be the same.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chinwag_core::{
    memory::MemorySearch,
    model::{Interval, Intervals},
    ports::{Scope, SearchDocument, SearchIndex, SearchRequest},
};
use chinwag_proto::{ChatId, EventId, Seq, Timestamp, UserId};
use proptest::prelude::*;

use crate::fixture::{open_whole, random_options};

/// Pieces that meet in many ways: common beginnings, marks within words, several scripts, several forms of one word.
const PIECES: [&str; 24] = [
    "a",
    "ab",
    "abc",
    "abd",
    "b",
    "don't",
    "don",
    "t",
    "I'm",
    "quick-brown",
    "brown",
    "10/2019",
    "2019",
    "C++",
    "Zoë",
    "zoe",
    "北京",
    "去北京开会",
    "京",
    "ｵｰﾃﾞｨｵ",
    "회의를",
    "iPhone手机",
    "Ёлка",
    "👍",
];
const SPACES: [&str; 6] = [" ", " ", " ", "", "-", "\u{3000}"];
const CHATS: u64 = 4;
const MESSAGES: u64 = 40;

fn text() -> impl Strategy<Value = String> {
    let piece = (prop::sample::select(&PIECES), prop::sample::select(&SPACES));
    prop::collection::vec(piece, 0..9).prop_map(|pieces| {
        pieces
            .into_iter()
            .map(|(piece, space)| format!("{piece}{space}"))
            .collect()
    })
}

fn query() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(&PIECES);
    let part = (
        piece,
        prop::sample::select(&["", " ", "\"", "\" ", " \"", "-"]),
    );
    let built = prop::collection::vec(part, 1..4).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(piece, mark)| format!("{piece}{mark}"))
            .collect::<String>()
    });
    let quoted = built
        .clone()
        .prop_map(|text| format!("\"{}\"", text.replace('"', "")));
    prop_oneof![4 => built, 1 => quoted, 1 => "[a-z]{1,2}", 1 => "\\PC{0,6}"]
}

/// A message or a change of one; what it says follows from which message and change it is.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    message: u64,
    change: u64,
    content: Option<String>,
}

fn change() -> impl Strategy<Value = Change> {
    (1..=MESSAGES, 0..6u64, prop::option::weighted(0.85, text())).prop_map(
        |(message, change, content)| Change {
            message,
            change,
            content,
        },
    )
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), 0..25)
}

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    query: String,
    scope: Vec<(u64, u64, Option<u64>)>,
    sender: Option<u64>,
    from: Option<u64>,
    to: Option<u64>,
    before: Option<u64>,
    limit: usize,
}

fn asked() -> impl Strategy<Value = Asked> {
    let interval = (1..=CHATS + 1, 0..MESSAGES, prop::option::of(0..MESSAGES));
    let everything: Vec<_> = (1..=CHATS).map(|chat| (chat, 1, None)).collect();
    let scope = prop_oneof![Just(everything), prop::collection::vec(interval, 0..5)];
    let maybe = |most| prop::option::weighted(0.2, 0..=most);
    (
        query(),
        scope,
        maybe(2),
        maybe(MESSAGES),
        maybe(MESSAGES),
        maybe(MESSAGES),
        prop::sample::select(&[0, 1, 3, 200]),
    )
        .prop_map(|(query, scope, sender, from, to, before, limit)| Asked {
            query,
            scope,
            sender,
            from,
            to,
            before,
            limit,
        })
}

/// Something done to both.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    Upsert(Vec<Change>),
    RemoveChat(u64),
    Rebuild(Vec<Change>, Vec<Change>),
    Reopen,
    Search(Vec<Asked>),
}

/// Makes steps.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..16)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => changes().prop_map(Step::Upsert),
        1 => (1..=CHATS).prop_map(Step::RemoveChat),
        1 => (changes(), changes()).prop_map(|(read, meanwhile)| Step::Rebuild(read, meanwhile)),
        1 => Just(Step::Reopen),
        6 => prop::collection::vec(asked(), 1..12).prop_map(Step::Search),
    ]
}

fn user(number: u64) -> UserId {
    UserId::new(&format!("user{number}")).unwrap()
}

fn time(millis: u64) -> Timestamp {
    Timestamp::from_unix_millis(i64::try_from(millis).unwrap())
}

impl Asked {
    fn request(&self) -> SearchRequest {
        let interval = |(chat, from, through): &(u64, u64, Option<u64>)| {
            let interval = Interval {
                from: Seq(*from),
                through: through.map(Seq),
            };
            let intervals: Intervals = [interval].into_iter().collect();
            (ChatId(*chat), intervals)
        };
        SearchRequest {
            query: self.query.clone(),
            scope: Scope(self.scope.iter().map(interval).collect()),
            sender: self.sender.map(user),
            from: self.from.map(time),
            to: self.to.map(time),
            before: self.before.map(EventId),
            limit: self.limit,
        }
    }
}

/// The same change always says the same; a chat that was removed says nothing more.
#[derive(Default)]
struct Said {
    contents: HashMap<(u64, u64), Option<String>>,
    removed: HashSet<ChatId>,
}

impl Said {
    fn documents(&mut self, changes: &[Change]) -> Vec<SearchDocument> {
        let document = |change: &Change| {
            let key = (change.message, change.change);
            let content = self
                .contents
                .entry(key)
                .or_insert_with(|| change.content.clone());
            SearchDocument {
                id: EventId(change.message),
                chat: ChatId(change.message % CHATS + 1),
                seq: Seq(change.message),
                sender: user(change.message % 3),
                timestamp: time(change.message),
                content: content.clone(),
                change_seq: Seq(change.message + change.change),
            }
        };
        let documents = changes.iter().map(document);
        documents
            .filter(|document| !self.removed.contains(&document.chat))
            .collect()
    }
}

/// Does steps to both.
pub(crate) fn run(steps: Vec<Step>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(do_all(steps));
}

async fn do_all(steps: Vec<Step>) {
    let directory = tempfile::tempdir().unwrap();
    let mut index = Arc::new(open_whole(directory.path(), random_options()).await);
    let reference = MemorySearch::new();
    let mut said = Said::default();
    for step in steps {
        match step {
            Step::Upsert(changes) => {
                let documents = said.documents(&changes);
                reference.upsert(documents.clone()).await.unwrap();
                index.upsert(documents).await.unwrap();
            }
            Step::RemoveChat(chat) => {
                said.removed.insert(ChatId(chat));
                reference.remove_chat(ChatId(chat)).await.unwrap();
                index.remove_chat(ChatId(chat)).await.unwrap();
            }
            Step::Rebuild(read, meanwhile) => {
                let read = said.documents(&read);
                let meanwhile = said.documents(&meanwhile);
                for index in [&reference as &dyn SearchIndex, &*index] {
                    let mut rebuild = index.rebuild().await.unwrap();
                    let (first, second) = read.split_at(read.len() / 2);
                    rebuild.add(first.to_vec()).await.unwrap();
                    index.upsert(meanwhile.clone()).await.unwrap();
                    rebuild.add(second.to_vec()).await.unwrap();
                    rebuild.finish().await.unwrap();
                }
            }
            Step::Reopen => {
                drop(index);
                index = Arc::new(open_whole(directory.path(), random_options()).await);
            }
            Step::Search(all) => {
                for asked in all {
                    let wanted = reference.search(asked.request()).await.unwrap();
                    let found = index.search(asked.request()).await.unwrap();
                    assert_eq!(found, wanted, "{asked:?}");
                }
            }
        }
    }
}
