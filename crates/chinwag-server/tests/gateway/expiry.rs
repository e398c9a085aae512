//! Tokens that end while their session stands.

use serde_json::json;

use crate::{
    client::Client,
    node::{Node, token, token_until, unix_seconds},
};

#[tokio::test]
async fn a_session_ends_with_its_token_having_been_asked_for_a_fresh_one() {
    let node = Node::start().await;
    let short = token_until("ana", unix_seconds() + 3);
    let mut ana = Client::open(node.address(), &short).await;
    ana.until_type("reauth").await;
    assert_eq!(ana.closed().await, 4001);
}

#[tokio::test]
async fn a_fresh_token_of_the_same_user_keeps_the_session() {
    let node = Node::start().await;
    let until = unix_seconds() + 4;
    let mut ana = Client::open(node.address(), &token_until("ana", until)).await;
    ana.until_type("reauth").await;
    let refused = ana
        .ask(json!({"type": "auth", "token": token("ben")}))
        .await;
    assert_eq!(refused["error"]["code"], "unauthorized");
    let ready = ana
        .ask(json!({"type": "auth", "token": token("ana")}))
        .await;
    assert_eq!(ready["type"], "ready", "{ready}");
    assert_eq!(ready["sessionId"], ana.session.as_str());
    while unix_seconds() <= until + 2 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    }
    assert!(ana.settled().await.is_empty());
}
