//! Row 12: who is removed hears no more, on any node.

use chinwag_proto::http::ClientIdQuery;
use serde_json::{Value, json};

use super::sending;
use crate::{
    answered::until_answered,
    pair::Pair,
    place::{Engines, unique_id},
    socket::Socket,
};

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
        let once = ClientIdQuery {
            client_id: Some(unique_id("remove")),
        };
        let removing = until_answered(async || owner.http.remove(chat, &mia.id, &once).await);
        let talking = async {
            for number in 0..20 {
                bens.ask(sending(chat, &format!("meanwhile {number}")))
                    .await;
            }
        };
        let ((), ()) = tokio::join!(removing, talking);
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
            let mut heard = socket
                .until(|frame| frame["message"]["content"] == last)
                .await
                .before;
            let of_chat = |frame: &&Value| frame["chatId"] == json!(chat);
            let parting = |frame: &Value| {
                frame["type"] == "membership"
                    && frame["event"]["userIds"] == json!(["mia"])
                    && frame["chatId"] == json!(chat)
            };
            // Chats come each in its own order: one that waits for what is missing lets the others pass.
            if !heard.iter().any(parting) {
                let late = socket.until(parting).await;
                heard.extend(late.before);
                heard.push(late.frame);
                let last_id = 1_000_000;
                socket
                    .say(json!({"type": "heartbeat", "id": last_id}))
                    .await;
                let answered = socket.until(|frame| frame["id"] == last_id).await;
                heard.extend(answered.before);
            }
            let end = heard.iter().position(parting).unwrap();
            // What came before may come again, as after a take-over.
            let last_seq = heard[end]["seq"].as_u64().unwrap();
            let is_over = |frame: &&Value| frame["seq"].as_u64().is_none_or(|seq| seq > last_seq);
            let more: Vec<_> = heard[end + 1..]
                .iter()
                .filter(of_chat)
                .filter(is_over)
                .collect();
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
