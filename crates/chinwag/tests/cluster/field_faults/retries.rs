//! Row 2: a retry is never stored twice, by whichever node and transport it comes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{post, sending};
use crate::{pair::Pair, place::Engines, socket::Socket};

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
