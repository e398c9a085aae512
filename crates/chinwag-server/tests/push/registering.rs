//! What of a device is taken.

use chinwag_conformance::providers::Browser;
use serde_json::{Value, json};

use crate::{
    node::Node,
    team::{Team, ask},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_learns_the_key_that_its_notes_are_signed_with() {
    let team = Team::start().await;
    let (status, offer) = team.ask("ana", "GET", "/v1/push", Value::Null).await;
    assert_eq!(status, 200);
    assert_eq!(offer["kinds"], json!(["fcm", "apns", "webpush"]));
    let chat = team.node.direct("ana", "bo").await;
    team.browser("ana", Browser(1)).await;
    team.node.say("bo", chat, "hi").await;
    team.settle().await;
    let key = team.providers.web.sender_key().unwrap();
    assert_eq!(offer["vapidPublicKey"], key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_leads_into_the_own_network_is_refused() {
    let node = Node::with(&[]).await;
    node.users(&["ana"]).await;
    let team = Team::start().await;
    let good: Value = serde_json::from_str(&team.providers.web.subscription(Browser(1))).unwrap();
    for endpoint in [
        "http://push.example/1",
        "https://127.0.0.1/1",
        "https://[::ffff:10.0.0.1]/1",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "push.example",
    ] {
        let mut subscription = good.clone();
        subscription["endpoint"] = endpoint.into();
        let body = json!({"kind": "webpush", "subscription": subscription, "deviceId": "d"});
        let (status, problem) = ask(
            node.server.url().unwrap(),
            "ana",
            "POST",
            "/v1/devices",
            body,
        )
        .await;
        assert_eq!(status, 400, "{endpoint}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/subscription/endpoint");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_without_keys_is_refused_with_the_field() {
    let team = Team::start().await;
    team.node.users(&["ana"]).await;
    let good: Value = serde_json::from_str(&team.providers.web.subscription(Browser(1))).unwrap();
    for (key, pointer) in [
        ("p256dh", "/subscription/keys/p256dh"),
        ("auth", "/subscription/keys/auth"),
    ] {
        let mut subscription = good.clone();
        subscription["keys"][key] = "short".into();
        let body = json!({"kind": "webpush", "subscription": subscription, "deviceId": "d"});
        let (status, problem) = team.ask("ana", "POST", "/v1/devices", body).await;
        assert_eq!(
            (status, &problem["errors"][0]["pointer"]),
            (400, &pointer.into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_is_told_nothing_waits_in_the_queue() {
    let node = Node::with(&[("push.webpush.enabled", "false")]).await;
    let chat = node.direct("ana", "bo").await;
    node.say("bo", chat, "hi").await;
    let (_, offer) = ask(
        node.server.url().unwrap(),
        "ana",
        "GET",
        "/v1/push",
        Value::Null,
    )
    .await;
    assert_eq!(offer, json!({"kinds": []}));
    let queue = &node.server.node().ports().queue;
    let lag = queue.lag(chinwag_core::ports::QueueGroup::Push).await;
    assert_eq!(lag.unwrap(), 0);
}
