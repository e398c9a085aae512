//! Imports at any node, into chats of all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use chinwag_proto::MessageId;
use serde_json::json;

use crate::{
    pair::Pair,
    place::{Engines, PATIENCE, Person, Place, only_page},
};

/// Chats of a file.
const CHATS: usize = 24;
/// Lines of each chat: all of them at the same few times, so that chats want the same ids.
const LINES: usize = 40;

/// What a file says: of each chat, all its lines in order.
fn lines(chats: &str, through: usize) -> String {
    let mut text = String::new();
    for n in 0..through {
        for chat in 0..CHATS {
            let line = json!({
                "chat": format!("{chats} {chat}"),
                "at": format!("2016-02-01T10:{:02}:00Z", n / 20),
                "user": format!("u{}", n % 5),
                "text": format!("line {n}"),
            });
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

fn file(place: &Place, name: &str, text: &str) -> String {
    let path = place.path().join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Every message of every chat that somebody sees: by the chat's name, in order.
async fn seen(person: &Person) -> BTreeMap<String, Vec<(MessageId, String)>> {
    let mut seen = BTreeMap::new();
    let mut cursor = None;
    loop {
        let page = person.http.chats(cursor.as_deref()).await.unwrap();
        for chat in page.chats {
            let messages = only_page(&person.http, chat.id).await.into_iter().rev();
            let messages = messages.map(|message| (message.id, message.content));
            seen.insert(chat.name.unwrap(), messages.collect());
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return seen;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn lines_go_into_chats_of_any_node_and_imports_at_once_share_no_id() {
    let pair = Pair::start(&Engines::new()).await;
    let [one, two] = &pair.places;
    let begun = file(one, "begun", &lines("old", LINES / 2));
    one.run(&["import", "--owner", "ana", &begun]);
    // The other node goes on in the first one's chats, while the first one fills others with lines of the same times.
    let whole = file(two, "whole", &lines("old", LINES));
    let other = file(one, "other", &lines("new", LINES));
    let mut importing = [
        two.start(&["import", "--owner", "ana", &whole]),
        one.start(&["import", "--owner", "ana", &other]),
    ];
    for import in &mut importing {
        assert!(import.wait().unwrap().success());
    }
    let wanted: Vec<String> = (0..LINES).map(|n| format!("line {n}")).collect();
    for node in &pair.nodes {
        let seen = seen(&pair.ana.at(node)).await;
        assert_eq!(seen.len(), 2 * CHATS);
        let mut ids = BTreeSet::new();
        for (chat, messages) in seen {
            let (of_chat, contents): (Vec<_>, Vec<_>) = messages.into_iter().unzip();
            assert_eq!(contents, wanted, "{chat}");
            ids.extend(of_chat);
        }
        assert_eq!(ids.len(), 2 * CHATS * LINES, "no id is given twice");
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn an_import_goes_on_when_the_node_that_owns_its_chats_is_killed() {
    let pair = Pair::start(&Engines::new()).await;
    let Pair {
        nodes: [first, second],
        places: [one, two],
        ana,
        ..
    } = pair;
    let begun = file(&one, "begun", &lines("old", 2));
    one.run(&["import", "--owner", "ana", &begun]);
    let whole = file(&two, "whole", &lines("old", LINES));
    let mut importing = two.start(&["import", "--owner", "ana", &whole]);
    tokio::time::sleep(Duration::from_millis(200)).await;
    first.kill();
    let done = tokio::task::spawn_blocking(move || importing.wait().unwrap());
    let done = tokio::time::timeout(PATIENCE, done).await;
    assert!(done.expect("the import comes to an end").unwrap().success());
    let wanted: Vec<String> = (0..LINES).map(|n| format!("line {n}")).collect();
    let seen = seen(&ana.at(&second)).await;
    assert_eq!(seen.len(), CHATS);
    for (chat, messages) in seen {
        let contents: Vec<_> = messages.into_iter().map(|(_, content)| content).collect();
        assert_eq!(contents, wanted, "{chat}");
    }
    second.stop();
}
