//! Presence: of whom one watches, and of nobody else.

use chinwag_proto::shapes::HistoryVisible;
use serde_json::{Value, json};

use crate::{
    client::Client,
    node::{Node, user},
};

async fn watch(client: &mut Client, users: &[&str]) -> Vec<(String, String)> {
    let answer = client
        .ask(json!({"type": "watchPresence", "add": users}))
        .await;
    assert_eq!(answer["type"], "presence", "{answer}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let users = answer["users"].as_array().cloned().unwrap_or_default();
    users
        .iter()
        .map(|user| (text(&user["userId"]), text(&user["status"])))
        .collect()
}

async fn told(client: &mut Client) -> (Value, Value) {
    let frame = client.until_type("presence").await;
    (frame["userId"].clone(), frame["status"].clone())
}

#[tokio::test]
async fn who_is_watched_is_told_coming_and_going_and_strangers_are_not() {
    let node = Node::start().await;
    node.direct("ana", "ben").await;
    node.users(&["eve"]).await;
    let (mut ana, mut ben) = (node.session("ana").await, node.session("eve").await);
    assert!(watch(&mut ben, &["ana"]).await.is_empty());
    let expected = [("ben".to_owned(), "offline".to_owned())];
    assert_eq!(watch(&mut ana, &["ben", "eve"]).await, expected);
    let ben = node.session("ben").await;
    assert_eq!(told(&mut ana).await, (json!("ben"), json!("online")));
    drop(ben);
    assert_eq!(told(&mut ana).await, (json!("ben"), json!("offline")));
}

#[tokio::test]
async fn a_page_reload_does_not_flicker() {
    let node = Node::start().await;
    node.direct("ana", "ben").await;
    let (mut ana, ben) = (node.session("ana").await, node.session("ben").await);
    let expected = [("ben".to_owned(), "online".to_owned())];
    assert_eq!(watch(&mut ana, &["ben"]).await, expected);
    drop(ben);
    let _ben = node.session("ben").await;
    // Longer than the grace and the look that follows it.
    tokio::time::sleep(std::time::Duration::from_secs(7)).await;
    assert!(ana.settled().await.is_empty());
}

#[tokio::test]
async fn only_the_session_that_watches_is_told_and_no_more_after_it_stops() {
    let node = Node::start().await;
    node.direct("ana", "ben").await;
    let (mut phone, mut laptop) = (node.session("ana").await, node.session("ana").await);
    watch(&mut phone, &["ben"]).await;
    let ben = node.session("ben").await;
    told(&mut phone).await;
    assert!(laptop.settled().await.is_empty());
    let answer = phone
        .ask(json!({"type": "watchPresence", "remove": ["ben"]}))
        .await;
    assert_eq!(answer["type"], "ok");
    watch(&mut laptop, &["ben"]).await;
    drop(ben);
    assert_eq!(told(&mut laptop).await, (json!("ben"), json!("offline")));
    assert!(phone.settled().await.is_empty());
}

#[tokio::test]
async fn a_watch_rests_while_both_are_in_no_chat_together() {
    let node = Node::start().await;
    let chat = node
        .group(&["ana", "ben", "cem"], HistoryVisible::All)
        .await;
    let (mut ana, mut ben) = (node.session("ana").await, node.session("ben").await);
    let cem = node.session("cem").await;
    let expected = [("cem".to_owned(), "online".to_owned())];
    assert_eq!(watch(&mut ana, &["cem"]).await, expected);
    assert_eq!(watch(&mut ben, &["cem"]).await, expected);
    node.remove("ana", chat, "ben").await;
    // Nobody sees a dot that nothing would ever take away again.
    assert_eq!(told(&mut ben).await, (json!("cem"), json!("offline")));
    drop(cem);
    assert_eq!(told(&mut ana).await, (json!("cem"), json!("offline")));
    let cem = node.session("cem").await;
    assert_eq!(told(&mut ana).await, (json!("cem"), json!("online")));
    let events = ben.settled().await;
    assert!(!events.iter().any(|event| event["type"] == "presence"));
    node.add("ana", chat, &[user("ben")]).await;
    assert_eq!(told(&mut ben).await, (json!("cem"), json!("online")));
    drop(cem);
    assert_eq!(told(&mut ben).await, (json!("cem"), json!("offline")));
}

#[tokio::test]
async fn a_direct_chat_lets_a_watch_stand_again_too() {
    let node = Node::start().await;
    let chat = node
        .group(&["ana", "ben", "cem"], HistoryVisible::All)
        .await;
    let mut ben = node.session("ben").await;
    let _cem = node.session("cem").await;
    watch(&mut ben, &["cem"]).await;
    node.remove("ana", chat, "ben").await;
    assert_eq!(told(&mut ben).await, (json!("cem"), json!("offline")));
    node.direct("cem", "ben").await;
    assert_eq!(told(&mut ben).await, (json!("cem"), json!("online")));
}

#[tokio::test]
async fn watches_are_bounded() {
    let node = Node::with(&[("limits.watched_users", "2")]).await;
    node.group(&["ana", "ben", "cem", "dan"], HistoryVisible::All)
        .await;
    let mut ana = node.session("ana").await;
    assert_eq!(watch(&mut ana, &["ben", "cem"]).await.len(), 2);
    let refused = ana
        .ask(json!({"type": "watchPresence", "add": ["dan"]}))
        .await;
    assert_eq!(refused["error"]["code"], "badRequest");
    let moved = json!({"type": "watchPresence", "add": ["dan"], "remove": ["ben"]});
    assert_eq!(ana.ask(moved).await["type"], "presence");
}
