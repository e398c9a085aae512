//! Row 20: Cassandra writes, and its answer never comes. Nobody knows by that whether it is written, and nothing that is
//! told or shown says otherwise.

use std::{collections::BTreeSet, time::Duration};

use chinwag_proto::ChatId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{post, sending};
use crate::{
    engine_process,
    pair::Pair,
    place::{Engines, PATIENCE, Person, Served, until_shards},
    socket::Socket,
    withholding::Withholding,
};

/// Starts two nodes whose Cassandra is behind a proxy.
async fn start() -> (Withholding, Pair) {
    let cassandra = format!("{}:19042", engine_process::address());
    let proxy = Withholding::before(&cassandra).await;
    let engines = Engines {
        cassandra: proxy.address.to_string(),
        ..Engines::new()
    };
    let pair = Pair::start(&engines).await;
    // No chat changes hands meanwhile: an owner that gives one away tells nothing more of it.
    until_shards(&[(&pair.nodes[0], 512), (&pair.nodes[1], 512)]).await;
    (proxy, pair)
}

/// Says something once whose write isn't answered for; holds that the sender is told to try again, if not that it is
/// stored.
async fn say_once(node: &Served, sender: &Person, chat: ChatId, text: &str, proxy: &Withholding) {
    // A chat that its node has just taken over may say "try again" before anything is written.
    loop {
        proxy.keep_answers_to(text.as_bytes());
        let (status, answer) = sender.at(node).post(chat, text, text).await.unwrap();
        let unknown = status == StatusCode::SERVICE_UNAVAILABLE && answer["retryable"] == true;
        assert!(status.is_success() || unknown, "{status}: {answer}");
        if proxy.let_go() > 0 {
            return;
        }
        assert!(unknown, "was it stored without a write? {answer}");
    }
}

/// Returns what a chat's log tells after its beginning: the texts of its messages; its places are gap-free.
async fn log(node: &Served, reader: &Person, chat: ChatId) -> Vec<String> {
    let mut socket = Socket::open(&node.url, reader).await;
    let events = json!({"type": "events", "chatId": chat, "after": 0, "limit": 200});
    let page = socket.ask(events).await;
    let events = page["events"].as_array().unwrap();
    for (event, place) in events.iter().zip(1_u64..) {
        assert_eq!(event["seq"], place, "{page}");
    }
    let texts = events
        .iter()
        .filter_map(|event| event["message"]["content"].as_str());
    texts.map(str::to_owned).collect()
}

/// Returns what a chat's summary counts, as each node tells it.
async fn unread(pair: &Pair, reader: &Person, chat: ChatId) -> [u64; 2] {
    let mut counts = [0; 2];
    for (node, count) in pair.nodes.iter().zip(&mut counts) {
        *count = reader.at(node).http.chat(chat).await.unwrap().unread;
    }
    counts
}

/// Waits until both nodes count so many.
async fn until_unread(pair: &Pair, reader: &Person, chat: ChatId, wanted: u64) {
    let counting = async {
        while unread(pair, reader, chat).await != [wanted; 2] {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let counted = tokio::time::timeout(PATIENCE, counting).await;
    assert!(counted.is_ok(), "{wanted} unread");
}

fn texts(frames: &[Value], chat: ChatId) -> BTreeSet<(String, String)> {
    let of_chat = frames
        .iter()
        .filter(|frame| frame["chatId"] == json!(chat) && frame["type"] == "message");
    let text = |frame: &Value| {
        let message = &frame["message"];
        let content = message["content"].as_str().unwrap().to_owned();
        (message["id"].to_string(), content)
    };
    of_chat.map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_20_a_message_whose_write_is_never_answered_for_is_one_message_when_it_is_sent_again() {
    let (proxy, pair) = start().await;
    for (nth, chat) in pair.groups().await.into_iter().enumerate() {
        let (text, end) = (format!("withheld-{nth}"), format!("the end {nth}"));
        let mut bens = Socket::open(&pair.nodes[1].url, &pair.ben).await;
        say_once(&pair.nodes[0], &pair.ana, chat, &text, &proxy).await;
        let (_, id) = post(&pair.nodes[0], &pair.ana, chat, &text).await;
        let again = post(&pair.nodes[1], &pair.ana, chat, &text).await;
        assert_eq!(again, (false, id.clone()));
        let mut anas = Socket::open(&pair.nodes[0].url, &pair.ana).await;
        anas.ask(sending(chat, &end)).await;
        let heard = bens
            .until(|frame| frame["message"]["content"] == end.as_str())
            .await;
        let expected = BTreeSet::from([(id.to_string(), text.clone())]);
        assert_eq!(texts(&heard.before, chat), expected);
        for node in &pair.nodes {
            let wanted = [text.clone(), end.clone()];
            assert_eq!(pair.ben.at(node).history(chat).await, wanted);
            assert_eq!(log(node, &pair.ben, chat).await, wanted);
        }
        assert_eq!(unread(&pair, &pair.ben, chat).await, [2, 2]);
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_20_a_message_whose_write_is_never_answered_for_and_that_is_not_sent_again_is_everywhere_or_nowhere()
 {
    let (proxy, pair) = start().await;
    for (nth, chat) in pair.groups().await.into_iter().enumerate() {
        let (text, end) = (format!("alone-{nth}"), format!("the end {nth}"));
        let mut listeners = Vec::new();
        for node in &pair.nodes {
            listeners.push(Socket::open(&node.url, &pair.ben).await);
        }
        say_once(&pair.nodes[nth % 2], &pair.ana, chat, &text, &proxy).await;
        let mut anas = Socket::open(&pair.nodes[0].url, &pair.ana).await;
        anas.ask(sending(chat, &end)).await;
        let shown = pair.ben.history(chat).await;
        let whole = [text.clone(), end.clone()];
        assert!(shown == whole || shown == whole[1..], "{shown:?}");
        for (node, listener) in pair.nodes.iter().zip(&mut listeners) {
            assert_eq!(pair.ana.at(node).history(chat).await, shown);
            assert_eq!(log(node, &pair.ben, chat).await, shown);
            let heard = listener
                .until(|frame| frame["message"]["content"] == end.as_str())
                .await;
            let live: Vec<_> = texts(&heard.before, chat)
                .into_iter()
                .map(|(_, text)| text)
                .collect();
            assert_eq!(live, shown[..shown.len() - 1]);
        }
        let count = shown.len() as u64;
        assert_eq!(unread(&pair, &pair.ben, chat).await, [count; 2]);
        pair.ana.finds(&text, count - 1).await;
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_20_a_mark_whose_write_is_never_answered_for_stands_and_never_moves_back() {
    let (proxy, pair) = start().await;
    for (nth, chat) in pair.groups().await.into_iter().enumerate() {
        let (_, id) = post(&pair.nodes[0], &pair.ana, chat, &format!("read-{nth}")).await;
        until_unread(&pair, &pair.ben, chat, 1).await;
        let mark: u64 = id.as_str().unwrap().parse().unwrap();
        let mut anas = Socket::open(&pair.nodes[0].url, &pair.ana).await;
        let mut bens = Socket::open(&pair.nodes[1].url, &pair.ben).await;
        proxy.keep_answers_to(&mark.to_be_bytes());
        let read = json!({"type": "read", "chatId": chat, "lastReadMessageId": id});
        // Once the first answer was kept they come again: until then nobody can be told that it is read.
        let first_kept = async {
            while proxy.kept() == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            proxy.let_go();
        };
        let first_kept = tokio::time::timeout(PATIENCE, first_kept);
        let (answer, kept) = tokio::join!(bens.ask(read), first_kept);
        assert!(answer["error"].is_null(), "{answer}");
        assert!(kept.is_ok(), "the mark is written");
        anas.until(|frame| frame["type"] == "receipt" && frame["lastReadMessageId"] == id)
            .await;
        until_unread(&pair, &pair.ben, chat, 0).await;
        post(&pair.nodes[0], &pair.ana, chat, &format!("next-{nth}")).await;
        until_unread(&pair, &pair.ben, chat, 1).await;
    }
    pair.stop();
}
