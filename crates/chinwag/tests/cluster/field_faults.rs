//! What broke in chat systems, as cases that several nodes and their engines must stand.
//!
//! | row | what broke | tests |
//! | --- | --- | --- |
//! | 2 | a retry was stored twice | here |
//! | 7 | presence wasn't renewed, or never ended | here |
//! | 11 | special characters broke the query | here |
//! | 12 | who was removed kept receiving | here |
//! | 19 | a Redis that restarted lost subscriptions | `faults/redis.rs`, `chinwag-backends/tests/redis/bus_faults.rs` |
//! | 21 | a proxy closed idle sockets | `balanced.rs` |

use std::{collections::BTreeSet, time::Duration};

use chinwag_proto::ChatId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    pair::Pair,
    place::{Engines, Person, Served},
    search_engine::shared_url,
    signs::{FOUND, TEXTS},
    socket::Socket,
};

/// A lease of presence, and the heartbeat within which it is renewed.
const LEASE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Makes the frame that sends a text, under a name of the text's own.
fn sending(chat: ChatId, text: &str) -> Value {
    let request = text.replace(' ', "-");
    json!({"type": "send", "chatId": chat, "clientId": request, "content": text})
}

/// Sends over HTTP until the answer isn't "try again"; returns whether the message is new, and its id.
async fn post(node: &Served, sender: &Person, chat: ChatId, request: &str) -> (bool, Value) {
    let sender = sender.at(node);
    loop {
        let (status, answer) = sender.post(chat, request, request).await.unwrap();
        if answer["retryable"] == true {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        assert!(status.is_success(), "{answer}");
        return (status == StatusCode::CREATED, answer["id"].clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_2_two_sends_in_flight_and_any_repetition_by_any_node_and_transport_are_two_messages() {
    let Pair {
        nodes: [one, two],
        ana,
        ben,
        places,
    } = Pair::start(&Engines::new()).await;
    let pair = [&one, &two];
    let group = ana.direct(&ben).await;
    let chats = [
        group,
        ana.group_with(&ben).await,
        ben.group_with(&ana).await,
    ];
    let mut ids = Vec::new();
    for chat in chats {
        let mut bens = Socket::open(&two.url, &ben).await;
        let mut anas = Socket::open(&one.url, &ana).await;
        // Whoever owns the chat has it from then on.
        assert!(post(&two, &ben, chat, "hello").await.0);
        let (x, y) = (sending(chat, "x"), sending(chat, "y"));
        anas.say(x.clone()).await;
        anas.say(y.clone()).await;
        // Nobody hears the answers; what reached a node is stored.
        let is_y = |frame: &Value| frame["message"]["content"] == "y";
        let heard = bens.until(is_y).await;
        drop(anas);
        let mut again = Socket::open(&two.url, &ana).await;
        let mut acks = Vec::new();
        for frame in [&x, &y, &x] {
            acks.push(again.ask(frame.clone()).await["message"]["id"].clone());
        }
        assert_eq!(acks[0], acks[2]);
        assert_eq!(heard.frame["message"]["id"], acks[1]);
        for node in pair {
            assert_eq!(post(node, &ana, chat, "x").await, (false, acks[0].clone()));
            assert_eq!(post(node, &ana, chat, "y").await, (false, acks[1].clone()));
        }
        // The same name from another user is another message, and everybody hears each message once.
        assert!(post(&one, &ben, chat, "x").await.0);
        let sent = again.ask(sending(chat, "the end")).await;
        assert_eq!(sent["type"], "ack", "{sent}");
        let end = bens.until(|frame| frame["message"]["content"] == "the end");
        // A node that takes a chat over tells its last event again, under the same id: who has it takes it for that.
        let said = |frames: &[Value]| -> BTreeSet<String> {
            let of_ana = frames.iter().filter(|frame| {
                frame["chatId"] == json!(chat) && frame["message"]["senderId"] == "ana"
            });
            of_ana
                .map(|frame| frame["message"]["id"].to_string())
                .collect()
        };
        let both = BTreeSet::from([acks[0].to_string(), acks[1].to_string()]);
        let rest = said(&end.await.before);
        assert!(rest.is_subset(&both), "nothing new: {rest:?}");
        let before_y = BTreeSet::from([acks[0].to_string()]);
        assert_eq!(said(&heard.before), before_y, "x, once");
        ids.push(acks);
    }
    one.kill();
    let one = places[0].serve();
    for (chat, ids) in chats.into_iter().zip(ids) {
        for node in [&one, &two] {
            assert_eq!(post(node, &ana, chat, "x").await, (false, ids[0].clone()));
        }
        let shown = ana.at(&two).history(chat).await;
        assert_eq!(shown, ["hello", "x", "y", "x", "the end"]);
    }
    one.stop();
    two.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_7_who_is_silent_on_another_node_stays_online_and_whose_network_is_gone_goes_offline_once()
 {
    let pair = Pair::start(&Engines::new()).await;
    let cem = pair.nodes[0].register("cem").await;
    for other in [&pair.ana, &cem] {
        pair.ben.direct(other).await;
    }
    let mut bens = Socket::open(&pair.nodes[1].url, &pair.ben).await;
    let mut anas = Socket::open(&pair.nodes[0].url, &pair.ana).await;
    // Nobody reads it and nothing answers its pings, and no end is told.
    let gone = Socket::open(&pair.nodes[0].url, &cem).await;
    let watch = json!({"type": "watchPresence", "add": ["ana", "cem"]});
    let answer = bens.ask(watch).await;
    for user in answer["users"].as_array().unwrap() {
        assert_eq!(user["status"], "online", "{answer}");
    }
    let silent_for = 3 * LEASE;
    let never = |_: &Value| false;
    let mut changes = Vec::new();
    let began = tokio::time::Instant::now();
    let listening = async {
        loop {
            let change = bens.hear(|frame| frame["type"] == "presence").await;
            changes.push((began.elapsed(), change.frame));
        }
    };
    let silence = tokio::time::sleep(silent_for);
    tokio::select! {
        () = listening => {}
        _ = anas.hear(never) => {}
        () = silence => {}
    }
    let [(after, change)] = &changes[..] else {
        panic!("one change, not {changes:?}");
    };
    assert_eq!(
        (&change["userId"], &change["status"]),
        (&json!("cem"), &json!("offline"))
    );
    // A gateway looks every five seconds.
    let latest = LEASE + HEARTBEAT + Duration::from_secs(10);
    assert!(*after <= latest, "{after:?}");
    drop(gone);
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn row_11_a_query_is_text_on_every_node_whatever_signs_it_holds() {
    let pair = Pair::start(&Engines::new().searching(&shared_url())).await;
    let chat = pair.ana.direct(&pair.ben).await;
    let texts = TEXTS;
    for (nth, text) in texts.iter().enumerate() {
        let node = &pair.nodes[nth % 2];
        assert_eq!(
            pair.ana
                .at(node)
                .say(chat, &format!("r{nth}"), text)
                .await
                .unwrap(),
            None
        );
    }
    for person in [&pair.ana, &pair.ben] {
        for (query, text) in FOUND {
            person.finds(query, 1).await;
            let found = person.http.search(query, None).await.unwrap();
            assert_eq!(found.hits[0].message.content, texts[text], "{query}");
        }
        let signs = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
        let long = "word ".repeat(2_000);
        let odd = [
            "\"open",
            "(((",
            "[a",
            "NOT x",
            "*",
            "content:call",
            "a\u{0}b",
            &long,
        ];
        for query in signs.split("").chain(odd).filter(|query| !query.is_empty()) {
            match person.http.search(query, None).await {
                Ok(found) => assert!(found.total < texts.len() as u64, "{query} is no wildcard"),
                Err(chinwag_client::ClientError::Refused(problem)) => {
                    assert!((400..500).contains(&problem.status), "{query}: {problem}");
                }
                Err(error) => panic!("{query}: {error}"),
            }
        }
    }
    pair.stop();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_12_who_is_removed_hears_no_more_on_any_node() {
    removed_in_the_middle(&Engines::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_12_who_is_removed_from_a_large_group_hears_no_more_on_any_node() {
    removed_in_the_middle(&Engines::with("direct_max_members = 2")).await;
}

/// Removes somebody with sockets on both nodes, by one node, while somebody talks by the other.
async fn removed_in_the_middle(engines: &Engines) {
    let pair = Pair::start(engines).await;
    let mia = pair.nodes[0].register("mia").await;
    for (maker, remover) in [(&pair.ana, 0), (&pair.ana, 1)] {
        let chat = maker.group_with(&pair.ben).await;
        let aside = maker.direct(&mia).await;
        let members = vec![mia.id.clone()];
        maker.http.add_members(chat, members).await.unwrap();
        let mut mias = Vec::new();
        for node in &pair.nodes {
            mias.push(Socket::open(&node.url, &mia).await);
        }
        let mut bens = Socket::open(&pair.nodes[1].url, &pair.ben).await;
        for number in 0..20 {
            let said = bens.ask(sending(chat, &format!("before {number}"))).await;
            assert_eq!(said["type"], "ack", "{said}");
        }
        let owner = pair.ana.at(&pair.nodes[remover]);
        let removing = owner.http.remove_member(chat, &mia.id);
        let talking = async {
            for number in 0..20 {
                bens.ask(sending(chat, &format!("meanwhile {number}")))
                    .await;
            }
        };
        let (removed, ()) = tokio::join!(removing, talking);
        removed.unwrap();
        for number in 0..20 {
            bens.ask(sending(chat, &format!("after {number}"))).await;
        }
        bens.say(json!({"type": "typing", "chatId": chat})).await;
        bens.ask(json!({"type": "heartbeat"})).await;
        // What is said aside, on either node, comes after everything else.
        let last = [0, 1].map(|node| format!("that was it {remover} {node}"));
        for (node, last) in pair.nodes.iter().zip(&last) {
            let mut anas = Socket::open(&node.url, &pair.ana).await;
            let said = anas.ask(sending(aside, last)).await;
            assert_eq!(said["type"], "ack", "{said}");
        }
        let last = json!(last[1]);
        for (socket, node) in mias.iter_mut().zip(&pair.nodes) {
            let heard = socket
                .until(|frame| frame["message"]["content"] == last)
                .await;
            let of_chat = |frame: &&Value| frame["chatId"] == json!(chat);
            let parting = |frame: &Value| {
                frame["type"] == "membership"
                    && frame["event"]["userIds"] == json!(["mia"])
                    && frame["chatId"] == json!(chat)
            };
            let end = heard.before.iter().position(parting);
            let end = end.expect("is told of the removal");
            let more: Vec<_> = heard.before[end + 1..].iter().filter(of_chat).collect();
            assert!(more.is_empty(), "after the parting: {more:?}");
            for frame in [
                sending(chat, "x"),
                json!({"type": "typing", "chatId": chat}),
                json!({"type": "history", "chatId": chat}),
                json!({"type": "events", "chatId": chat, "after": 0}),
            ] {
                let answer = socket.ask(frame).await;
                assert_eq!(answer["error"]["code"], "notFound", "{answer}");
            }
            let mut again = Socket::open(&node.url, &mia).await;
            let sync = again.ask(json!({"type": "sync", "since": null})).await;
            assert!(
                !sync["chats"].to_string().contains(&format!("\"{chat}\"")),
                "{sync}"
            );
            assert!(mia.at(node).http.chat(chat).await.is_err());
        }
    }
    pair.stop();
}
