//! How a session begins, and what is said to who does it wrong.

use std::time::Duration;

use serde_json::json;

use crate::{
    client::Client,
    node::{Node, token, token_until, unix_seconds},
};

#[tokio::test]
async fn a_token_in_the_head_of_the_request_opens_a_session() {
    let node = Node::start().await;
    let mut client = Client::connect_with(node.address(), Some(&token("ana"))).await;
    let ready = client.next().await;
    assert_eq!(ready["type"], "ready");
    assert_eq!(ready["userId"], "ana");
    assert_eq!(ready["heartbeatSeconds"], 20);
    assert_eq!(ready["limits"]["contentBytes"], 16_384);
}

#[tokio::test]
async fn a_head_with_two_credentials_or_another_scheme_opens_no_session_as_over_http() {
    let node = Node::start().await;
    let good = format!("Bearer {}", token("ana"));
    for credentials in [vec![good.clone(), good.clone()], vec!["Basic YTpi".into()]] {
        let address = node.address();
        let mut client = Client::connect_with_credentials(address, &credentials).await;
        let told = client.next().await;
        assert_eq!(told["error"]["code"], "unauthorized", "{told}");
        assert_eq!(client.closed().await, 4501);
    }
}

#[tokio::test]
async fn a_frame_before_auth_is_told_so_and_closes() {
    let node = Node::start().await;
    for (frame, code) in [
        (r#"{"type":"heartbeat","id":7}"#, 4501),
        (r#"{"id":7}"#, 4500),
        ("no frame", 4500),
    ] {
        let mut client = Client::connect(node.address()).await;
        client.say_text(frame).await;
        let told = client.next().await;
        assert_eq!(told["type"], "error", "{told}");
        assert_eq!(client.closed().await, code, "{frame}");
    }
}

#[tokio::test]
async fn who_says_nothing_for_ten_seconds_is_closed_and_may_come_again() {
    let node = Node::start().await;
    let mut client = Client::connect(node.address()).await;
    let told = client.next().await;
    assert_eq!(told["error"]["code"], "unavailable");
    assert_eq!(told["error"]["retryable"], true);
    assert_eq!(client.closed().await, 4002);
}

#[tokio::test]
async fn a_token_that_is_none_closes_with_its_code() {
    let node = Node::start().await;
    for (token, code) in [
        ("nonsense".to_owned(), 4501),
        (token_until("ana", unix_seconds() - 100), 4001),
    ] {
        let mut client = Client::connect(node.address()).await;
        let told = client.ask(json!({"type": "auth", "token": token})).await;
        assert_eq!(told["error"]["code"], "unauthorized");
        assert!(!told.to_string().contains(&token));
        assert_eq!(client.closed().await, code);
    }
}

#[tokio::test]
async fn what_is_no_frame_is_told_and_the_session_stays() {
    let node = Node::start().await;
    let mut ana = node.session("ana").await;
    for (text, code) in [
        ("{", "badJson"),
        (r#"{"type":"dance","id":1}"#, "unknownType"),
        (
            r#"{"type":"send","chatId":"01","content":"x","id":2}"#,
            "badRequest",
        ),
        (
            r#"{"type":"send","chatId":7,"content":"x","id":2}"#,
            "badRequest",
        ),
        (
            r#"{"type":"send","chatId":"7","content":"\ud800","id":2}"#,
            "badJson",
        ),
        (
            r#"{"type":"send","chatId":"7","chatId":"8","content":"","id":2}"#,
            "badRequest",
        ),
        (
            r#"{"type":"events","chatId":"7","after":-1,"id":2}"#,
            "badRequest",
        ),
    ] {
        ana.say_text(text).await;
        let told = ana.next().await;
        assert_eq!(told["error"]["code"], code, "{text} {told}");
    }
    let deep = format!(
        r#"{{"type":"typing","chatId":"7","x":{}}}"#,
        "[".repeat(30_000)
    );
    ana.say_text(&deep).await;
    assert_eq!(ana.next().await["type"], "error");
    assert_eq!(ana.settled().await.len(), 0);
}

#[tokio::test]
async fn a_binary_frame_closes_and_one_too_large_does() {
    use futures_util::SinkExt as _;
    use tokio_tungstenite::tungstenite::Message;

    let node = Node::start().await;
    let mut ana = node.session("ana").await;
    ana.stream.send(Message::binary(vec![1])).await.unwrap();
    assert_eq!(ana.closed().await, 4500);
    let mut ana = node.session("ana").await;
    let _ = ana.stream.send(Message::text("x".repeat(70_000))).await;
    assert_eq!(ana.closed().await, 1009);
}

#[tokio::test]
async fn the_oldest_session_makes_room_for_one_too_many() {
    let node = Node::with(&[("limits.sessions_per_user", "3")]).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(node.session("ana").await);
        // The oldest is known by the millisecond.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let mut newest = node.session("ana").await;
    assert_eq!(sessions[0].closed().await, 4503);
    for stays in sessions[1..].iter_mut().chain([&mut newest]) {
        assert!(stays.settled().await.is_empty());
    }
}
