//! Real messages in and out, and their pages: years of a support channel, where the file is there; made-up ones elsewhere.

use std::{collections::BTreeMap, path::Path};

use serde_json::Value;

use crate::{
    importing::{IMPORT, content, talk},
    place::{Place, Serving},
};

/// Lines of `chat`, `at`, `user` and `text`, packed; `CHINWAG_CORPUS` names another file.
const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../../shared/data/irc-support.jsonl.zst"
);
const LIMITS: [usize; 4] = [7, 50, 51, 200];

/// Returns the lines as they are in the file.
fn corpus() -> String {
    let file = std::env::var("CHINWAG_CORPUS").unwrap_or_else(|_| FILE.into());
    if !Path::new(&file).exists() {
        return talk(20_000);
    }
    let packed = std::fs::read(file).unwrap();
    String::from_utf8(zstd::decode_all(&packed[..]).unwrap()).unwrap()
}

/// What was said in each chat, in the file's order.
type Said = BTreeMap<String, Vec<Message>>;

#[derive(Debug, Clone, PartialEq)]
struct Message {
    at: String,
    user: String,
    text: String,
}

fn said(lines: &[Value]) -> Said {
    let mut said = Said::new();
    for line in lines {
        let field = |name: &str| line[name].as_str().unwrap().to_owned();
        let message = Message {
            at: field("at"),
            user: field("user"),
            text: field("text"),
        };
        said.entry(field("chat")).or_default().push(message);
    }
    said
}

/// The longest chats, the shortest, and those in which time runs backwards.
fn chosen(said: &Said) -> Vec<&String> {
    let mut by_length: Vec<&String> = said.keys().collect();
    by_length.sort_by_key(|chat| said[*chat].len());
    let backwards = |chat: &&&String| said[**chat].windows(2).any(|pair| pair[1].at < pair[0].at);
    let mut chosen: Vec<&String> = by_length
        .iter()
        .filter(backwards)
        .take(3)
        .copied()
        .collect();
    chosen.extend(by_length.iter().take(1));
    chosen.extend(by_length.iter().rev().take(2));
    chosen.dedup();
    chosen
}

struct Reader<'a> {
    serving: &'a Serving,
    token: &'a str,
}

impl Reader<'_> {
    fn get(&self, path: &str) -> Value {
        self.serving.json("GET", path, self.token, &Value::Null)
    }

    /// Returns the chats' ids by name.
    fn chats(&self) -> BTreeMap<String, String> {
        let mut chats = BTreeMap::new();
        let mut path = "/v1/chats?limit=200".to_owned();
        loop {
            let page = self.get(&path);
            for chat in page["chats"].as_array().unwrap() {
                let field = |name: &str| chat[name].as_str().unwrap().to_owned();
                chats.insert(field("name"), field("id"));
            }
            match page["cursor"].as_str() {
                Some(cursor) => path = format!("/v1/chats?limit=200&cursor={cursor}"),
                None => return chats,
            }
        }
    }

    /// Joins all pages in one direction from a cursor; returns them in the order in which they came.
    fn pages(&self, chat: &str, direction: &str, from: &str, limit: usize) -> Vec<Message> {
        let (mut joined, mut cursor) = (Vec::new(), from.to_owned());
        loop {
            let page = self.get(&format!(
                "/v1/messages?chatId={chat}&limit={limit}&{direction}={cursor}"
            ));
            let messages = page["messages"].as_array().unwrap();
            assert!(messages.len() <= limit);
            for message in messages {
                let field = |name: &str| message[name].as_str().unwrap().to_owned();
                joined.push(Message {
                    at: field("timestamp"),
                    user: field("senderId"),
                    text: field("content"),
                });
            }
            if page["hasMore"] == false {
                return joined;
            }
            cursor = messages.last().unwrap()["id"].as_str().unwrap().to_owned();
        }
    }
}

#[test]
fn real_messages_come_out_as_they_went_in_and_their_pages_join_both_ways() {
    let lines = corpus();
    let place = Place::new();
    place.prints(&[IMPORT.as_slice(), &["-"]].concat(), &lines);
    let exported = place.prints(&["export"], "");
    let values: Vec<Value> = exported
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(values == content(&lines), "the content has changed");

    let second = Place::new();
    second.prints(&[IMPORT.as_slice(), &["-"]].concat(), &exported);
    assert!(
        second.prints(&["export"], "") == exported,
        "the bytes have changed"
    );
    drop(second);

    let said = said(&values);
    let token = place.prints(&["token", "ana"], "");
    let serving = place.serve();
    let reader = Reader {
        serving: &serving,
        token: token.trim(),
    };
    let ids = reader.chats();
    assert_eq!(ids.len(), said.len());
    for chat in chosen(&said) {
        let (id, forwards) = (&ids[chat], &said[chat]);
        let backwards: Vec<Message> = forwards.iter().rev().cloned().collect();
        for limit in LIMITS {
            let newest_first = reader.pages(id, "before", "2099-01-01T00:00:00Z", limit);
            assert_eq!(newest_first, backwards, "{chat}, {limit} a page");
            let oldest_first = reader.pages(id, "after", "2000-01-01T00:00:00Z", limit);
            assert_eq!(&oldest_first, forwards, "{chat}, {limit} a page");
        }
    }
}
