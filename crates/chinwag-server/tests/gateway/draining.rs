//! A node that leaves.

use serde_json::json;

use crate::{client::Client, node::Node};

#[tokio::test]
async fn a_node_that_leaves_says_when_to_come_back_and_answers_what_it_was_asked() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let mut ana = node.session("ana").await;
    let mut asked = Vec::new();
    for _ in 0..20 {
        let frame = json!({"type": "send", "chatId": chat, "content": "x"});
        asked.push(ana.request(frame).await);
    }
    ana.until(|frame| frame["id"] == asked[0]).await;
    let stopping = tokio::spawn(node.server.shutdown());
    let mut answered = 1;
    let mut told = None;
    let code = loop {
        match ana.receive().await {
            Ok(frame) if frame["type"] == "ack" => answered += 1,
            Ok(frame) if frame["type"] == "drain" => told = frame["afterMs"].as_u64(),
            Ok(_) => {}
            Err(code) => break code,
        }
    };
    assert_eq!(code, 4009);
    assert!(told.is_some());
    assert_eq!(answered, asked.len());
    drop(ana);
    stopping.await.unwrap();
}

#[tokio::test]
async fn a_node_that_leaves_does_not_wait_for_who_has_not_said_yet_who_they_are() {
    let node = Node::start().await;
    let mut silent = Client::connect(node.address()).await;
    let stopping = tokio::spawn(node.server.shutdown());
    assert_eq!(silent.closed().await, 4009);
    drop(silent);
    stopping.await.unwrap();
}
