//! Reading on one device takes the note from the others.

use chinwag_conformance::providers::Browser;
use serde_json::json;

use crate::team::{Team, texts};

#[tokio::test(flavor = "multi_thread")]
async fn reading_on_one_device_clears_the_others_and_sets_their_badge() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    let other = team.node.direct("ana", "cy").await;
    team.phone("ana", "phone").await;
    team.phone("ana", "tablet").await;
    team.iphone("ana", "iphone").await;
    team.browser("ana", Browser(1)).await;
    team.node.say("cy", other, "unread").await;
    let id = team.node.say("bo", chat, "hi").await;
    team.settle().await;
    let mut phone = team.session_on("ana", "phone").await;
    let read = json!({
        "type": "read", "chatId": chat.to_string(), "lastReadMessageId": id.to_string(),
    });
    assert_eq!(phone.ask(read).await["type"], "ok");
    let providers = &team.providers;
    let apns = providers.apns.desk().took(3).await;
    let web = providers.web.desk().took(3).await;
    let fcm = providers.fcm.desk().took(5).await;
    for note in [&apns[2], &web[2], &fcm[4]] {
        assert!(note.is_clear(), "{note:?}");
        assert_eq!(note.fields["chatId"], chat.to_string());
        assert_eq!(note.fields["badge"], "1", "the other chat's");
        assert!(note.title.is_empty() && note.body.is_empty());
    }
    assert_eq!(fcm[4].address, "tablet", "the phone knows already");
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_less_than_was_told_clears_nothing() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let first = team.node.say("bo", chat, "one").await;
    team.settle().await;
    let second = team.node.say("bo", chat, "two").await;
    team.settle().await;
    team.read("ana", chat, first).await;
    team.read("ana", chat, second).await;
    let told = team.providers.fcm.desk().took(3).await;
    assert_eq!(texts(&told[..2]), ["phone: one", "phone: two"]);
    assert!(told[2].is_clear());
    assert_eq!(told.len(), 3);
}
