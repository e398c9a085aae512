//! A node is killed between two steps of a send, and the sender never asks again.

use chinwag_proto::{ChatId, ClientId, Metadata, http::SendMessage};

use crate::{
    place::{Engines, until_shards},
    reading::until,
    site::Site,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn killed_between_store_and_acknowledgement_a_message_that_nobody_repeats_is_there_once() {
    killed_at("stored", false).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn killed_between_acknowledgement_and_publish_a_message_reaches_members_search_and_push() {
    killed_at("acknowledged", true).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn killed_between_store_and_queue_a_message_reaches_search_and_push() {
    killed_at("published", true).await;
}

/// Kills every node at a failpoint that a last message has come to; what was stored before it holds after it.
async fn killed_at(failpoint: &str, is_acknowledged: bool) {
    let mut site = Site::start(Engines::new(), 2).await;
    // A chat that is given to the other node just then would answer the only try with a doubt.
    until_shards(&[(site.node(0), 512), (site.node(1), 512)]).await;
    for node in [0, 1] {
        site.hold(node, failpoint);
    }
    // In the chats of both paths, at either node.
    let said = [
        say(&site, site.chats.team, 0),
        say(&site, site.chats.crowd, 1),
    ];
    site.until_reached(failpoint, 2).await;
    for said in said {
        let answer = said.await.unwrap();
        assert_eq!(answer.is_ok(), is_acknowledged, "{answer:?}");
    }
    for node in [1, 0] {
        site.kill(node, 0);
    }
    for node in [0, 1] {
        site.release(node, failpoint);
        site.start_again(node);
    }
    for chat in [site.chats.team, site.chats.crowd] {
        let http = site.http(0, "ana");
        let found = async || {
            let found = http.search("neverrepeated", Some(chat)).await;
            found.is_ok_and(|found| found.total == 1)
        };
        until("what the sender never repeats is found", found).await;
        site.until_pushed(chat, "neverrepeated").await;
    }
    site.chat();
    site.load.more(50).await;
    site.finish().await;
}

/// Says something once: whatever becomes of it, it isn't said again.
fn say(
    site: &Site,
    chat: ChatId,
    node: usize,
) -> tokio::task::JoinHandle<Result<chinwag_proto::shapes::Message, chinwag_client::ClientError>> {
    let http = site.http(node, "ana");
    let message = SendMessage {
        chat_id: chat,
        content: "neverrepeated".into(),
        client_id: Some(ClientId::new(&format!("once-{chat}")).unwrap()),
        reply_to: None,
        mentions: Vec::new(),
        metadata: Metadata::default(),
        timestamp: None,
        sender_id: None,
    };
    tokio::spawn(async move { http.send_message(&message).await })
}
