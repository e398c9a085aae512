//! Clients that send too much, or read too little.

use std::sync::atomic::Ordering;

use futures_util::SinkExt as _;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::node::{Node, token};

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_nobody_else_feels_it() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let mut deaf = node.session("ben").await;
    let mut ben = node.session("ben").await;
    let counts = node.server.gateway().counts();
    let content = "x".repeat(16_000);
    let mut sent = 0;
    while counts.slow.load(Ordering::Relaxed) == 0 {
        node.say("ana", chat, &content).await;
        ben.until_type("message").await;
        sent += 1;
        assert!(
            sent < 2_000,
            "the deaf client holds {} MB",
            sent * 16 / 1_000
        );
    }
    assert_eq!(deaf.closed().await, 4008);
}

#[tokio::test]
async fn too_many_frames_close_and_heartbeats_do_not_count() {
    let node = Node::with(&[("limits.rates", "on")]).await;
    let mut ana = node.session("ana").await;
    for _ in 0..300 {
        ana.say(&json!({"type": "heartbeat"})).await;
    }
    ana.settled().await;
    for _ in 0..130 {
        let _ = ana.stream.send(Message::text(r#"{"type":"dance"}"#)).await;
    }
    assert_eq!(ana.closed().await, 4029);
    let mut ben = node.session("ben").await;
    for _ in 0..130 {
        let _ = ben.stream.send(Message::Ping(Vec::new().into())).await;
    }
    assert_eq!(ben.closed().await, 4029);
}

#[tokio::test]
async fn ready_tells_how_many_frames_a_session_may_send() {
    let bounded = Node::with(&[("limits.rates", "on"), ("limits.frames_per_10s", "77")]).await;
    let unbounded = Node::with(&[("limits.rates", "off")]).await;
    for (node, frames) in [(bounded, json!(77)), (unbounded, json!(null))] {
        let mut ana = node.session("ana").await;
        let fresh = json!({"type": "auth", "token": token("ana")});
        let ready = ana.ask(fresh).await;
        assert_eq!(ready["limits"]["framesIn10S"], frames);
    }
}

#[tokio::test]
async fn too_many_sends_are_told_when_to_go_on() {
    let node = Node::with(&[
        ("limits.rates", "on"),
        ("limits.frames_per_10s", "1000"),
        ("limits.sends_burst", "5"),
        ("limits.sends_per_second", "1"),
    ])
    .await;
    let chat = node.direct("ana", "ben").await;
    let (mut phone, mut laptop) = (node.session("ana").await, node.session("ana").await);
    let mut refused = 0;
    for number in 0..6 {
        let client = if number % 2 == 0 {
            &mut phone
        } else {
            &mut laptop
        };
        let frame = json!({"type": "send", "chatId": chat, "content": "x"});
        let answer = client.ask(frame).await;
        if answer["type"] == "error" {
            assert_eq!(answer["error"]["status"], 429);
            assert!(answer["error"]["retryAfterMs"].as_u64().unwrap() > 0);
            refused += 1;
        }
    }
    assert!(refused >= 1, "the devices of a user share the rate");
}

#[tokio::test]
async fn a_client_that_asks_for_much_and_reads_slowly_gets_every_answer() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    for _ in 0..30 {
        node.say("ben", chat, &"x".repeat(8_000)).await;
    }
    let mut ana = node.session("ana").await;
    let mut asked = Vec::new();
    for _ in 0..30 {
        asked.push(
            ana.request(json!({"type": "history", "chatId": chat}))
                .await,
        );
    }
    for id in asked {
        let answer = ana.next().await;
        assert_eq!(
            (&answer["type"], &answer["id"]),
            (&json!("messages"), &json!(id))
        );
        assert!(answer.to_string().len() <= 256 * 1_024);
    }
}
