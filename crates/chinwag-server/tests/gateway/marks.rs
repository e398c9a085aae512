//! Marks of one client: once a second and chat, the last one wins.

use serde_json::json;

use crate::node::Node;

#[tokio::test]
async fn of_many_reads_in_a_second_the_first_and_the_last_are_told() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let mut messages = Vec::new();
    for number in 0..30 {
        messages.push(node.say("ben", chat, &number.to_string()).await);
    }
    let (mut ana, mut ben) = (node.session("ana").await, node.session("ben").await);
    let mut asked = Vec::new();
    for message in &messages {
        let frame = json!({"type": "read", "chatId": chat, "lastReadMessageId": message});
        asked.push(ana.request(frame).await);
    }
    for _ in &asked {
        assert_eq!(ana.until(|frame| frame["id"].is_u64()).await["type"], "ok");
    }
    let mut told = Vec::new();
    let last = json!(messages.last().unwrap());
    while told.last() != Some(&last) {
        let receipt = ben.until_type("receipt").await;
        told.push(receipt["lastReadMessageId"].clone());
    }
    // The burst may straddle a second, so one in between may be told.
    assert!(told.len() <= 3, "{told:?}");
}

#[tokio::test]
async fn a_mark_that_waits_when_the_session_ends_is_kept() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let first = node.say("ben", chat, "one").await;
    let second = node.say("ben", chat, "two").await;
    let (mut ana, mut ben) = (node.session("ana").await, node.session("ben").await);
    for message in [first, second] {
        ana.request(json!({"type": "read", "chatId": chat, "lastReadMessageId": message}))
            .await;
    }
    ana.settled().await;
    drop(ana);
    let wanted = json!(second);
    ben.until(|frame| frame["lastReadMessageId"] == wanted)
        .await;
}
