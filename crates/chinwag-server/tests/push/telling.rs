//! When a device is told, and what.

use chinwag_conformance::providers::Browser;
use serde_json::json;

use crate::team::{SHORT, Team, texts};

#[tokio::test(flavor = "multi_thread")]
async fn without_a_session_every_device_is_told_at_once() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    team.iphone("ana", "iphone").await;
    team.browser("ana", Browser(7)).await;
    let id = team.node.say("bo", chat, "shall we?").await;
    team.settle().await;
    let providers = &team.providers;
    for desk in [
        providers.fcm.desk(),
        providers.apns.desk(),
        providers.web.desk(),
    ] {
        let [note] = &desk.taken()[..] else {
            panic!("one note: {:?}", desk.taken());
        };
        assert_eq!((&*note.title, &*note.body), ("bo", "shall we?"));
        assert_eq!(note.fields["type"], "message");
        assert_eq!(note.fields["chatId"], chat.to_string());
        assert_eq!(note.fields["messageId"], id.to_string());
        assert_eq!(note.fields["userId"], "ana");
        assert_eq!(note.collapse_key, chat.to_string());
        assert!((86_300..=86_400).contains(&note.ttl_seconds), "{note:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_author_is_never_told_and_the_badge_counts_no_own_message() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "ana's").await;
    team.phone("bo", "bo's").await;
    for text in ["one", "two", "three"] {
        team.node.say("ana", chat, text).await;
        team.settle().await;
    }
    for text in ["four", "five"] {
        team.node.say("bo", chat, text).await;
        team.settle().await;
    }
    let told = team.told().await;
    assert_eq!(
        texts(&told),
        [
            "bo's: one",
            "bo's: two",
            "bo's: three",
            "ana's: four",
            "ana's: five"
        ]
    );
    let badges: Vec<_> = told.iter().map(|note| &*note.fields["badge"]).collect();
    assert_eq!(badges, ["1", "2", "3", "1", "2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_in_time_is_not_told() {
    let team = Team::with(&[("push.delay", "2s"), ("push.unread_delay", SHORT)]).await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let _session = team.node.session("ana").await;
    let id = team.node.say("bo", chat, "hi").await;
    team.read("ana", chat, id).await;
    assert!(team.texts().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_acknowledges_nothing_holds_nothing_up() {
    let team = Team::with(&[("push.delay", SHORT)]).await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let _half_open = team.node.session("ana").await;
    team.node.say("bo", chat, "hi").await;
    assert_eq!(team.texts().await, ["phone: hi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrived_and_is_not_read_is_told_later_or_never_as_configured() {
    for (unread_delay, told) in [(SHORT, vec!["phone: hi"]), ("0s", vec![])] {
        let settings = [("push.delay", "3s"), ("push.unread_delay", unread_delay)];
        let team = Team::with(&settings).await;
        let chat = team.node.direct("ana", "bo").await;
        team.phone("ana", "phone").await;
        let mut forgotten_desktop = team.node.session("ana").await;
        let id = team.node.say("bo", chat, "hi").await.to_string();
        let delivered = json!({
            "type": "delivered", "chatId": chat.to_string(), "deliveredMessageId": id,
        });
        let answer = forgotten_desktop.ask(delivered).await;
        assert_eq!(answer["type"], "ok", "{answer}");
        assert_eq!(team.texts().await, told, "{unread_delay}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_phone_with_two_tokens_is_told_once_at_the_last() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    for token in ["old", "new"] {
        let body = json!({"kind": "fcm", "token": token, "deviceId": "phone"});
        assert_eq!(team.ask("ana", "POST", "/v1/devices", body).await.0, 201);
    }
    team.node.say("bo", chat, "hi").await;
    assert_eq!(team.texts().await, ["new: hi"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_changed_hands_tells_its_new_user_alone() {
    let team = Team::start().await;
    let chat = team
        .node
        .group(&["ana", "bo", "cy"], Default::default())
        .await;
    team.phone("bo", "phone").await;
    team.phone("cy", "phone").await;
    team.node.say("ana", chat, "hi").await;
    let told = team.told().await;
    let users: Vec<_> = told.iter().map(|note| &*note.fields["userId"]).collect();
    assert_eq!(users, ["cy"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_says_no_more_than_is_configured() {
    for (content, title, body) in [
        ("full", "a group", "bo: the secret"),
        ("sender", "a group", "bo: New message"),
        ("none", "New message", ""),
    ] {
        let team = Team::with(&[("push.content", content)]).await;
        let chat = team.node.group(&["bo", "ana"], Default::default()).await;
        team.phone("ana", "phone").await;
        team.node.say("bo", chat, "the secret").await;
        let told = team.told().await;
        assert_eq!((&*told[0].title, &*told[0].body), (title, body));
    }
}
