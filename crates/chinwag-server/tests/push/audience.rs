//! Whom a message is told.

use chinwag_core::owner::{Command, NewMessage};
use chinwag_proto::ChatId;
use serde_json::json;

use crate::{node::user, team::Team};

async fn mention(team: &Team, who: &str, chat: ChatId, text: &str, mentioned: &str) {
    let message = NewMessage {
        content: text.into(),
        mentions: vec![user(mentioned)],
        ..NewMessage::default()
    };
    team.node.execute(who, chat, Command::Send(message)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_muted_chat_tells_nothing_but_mentions() {
    let team = Team::start().await;
    let chat = team.node.group(&["bo", "ana"], Default::default()).await;
    team.phone("ana", "phone").await;
    let until = json!({"mutedUntil": "2100-01-01T00:00:00Z"});
    team.prefer("ana", chat, until).await;
    team.node.say("bo", chat, "chatter").await;
    mention(&team, "bo", chat, "for ana", "ana").await;
    assert_eq!(team.texts().await, ["phone: bo: for ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mute_is_one_for_mentions_too_where_that_is_configured() {
    let team = Team::with(&[("push.mentions_override_mute", "false")]).await;
    let chat = team.node.group(&["bo", "ana"], Default::default()).await;
    team.phone("ana", "phone").await;
    let until = json!({"mutedUntil": "2100-01-01T00:00:00Z"});
    team.prefer("ana", chat, until).await;
    mention(&team, "bo", chat, "for ana", "ana").await;
    team.settle().await;
    let past = json!({"mutedUntil": "2020-01-01T00:00:00Z"});
    team.prefer("ana", chat, past).await;
    team.node.say("bo", chat, "the mute is over").await;
    assert_eq!(team.texts().await, ["phone: bo: the mute is over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_told_of_what_they_chose() {
    let team = Team::start().await;
    let chat = team
        .node
        .group(&["bo", "ana", "cy"], Default::default())
        .await;
    team.phone("ana", "ana's").await;
    team.phone("cy", "cy's").await;
    team.prefer("ana", chat, json!({"push": "mentions"})).await;
    team.prefer("cy", chat, json!({"push": "none"})).await;
    team.node.say("bo", chat, "chatter").await;
    mention(&team, "bo", chat, "for cy", "cy").await;
    mention(&team, "bo", chat, "for ana", "ana").await;
    assert_eq!(team.texts().await, ["ana's: bo: for ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_chat_above_the_bound_only_those_whom_it_mentions_are_told() {
    let team = Team::with(&[("push.all_members_max", "2")]).await;
    let chat = team
        .node
        .group(&["bo", "ana", "cy"], Default::default())
        .await;
    team.phone("ana", "ana's").await;
    team.phone("cy", "cy's").await;
    mention(&team, "bo", chat, "for ana", "ana").await;
    assert_eq!(team.texts().await, ["ana's: bo: for ana"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_removed_is_told_nothing_from_then_on() {
    let team = Team::start().await;
    let chat = team
        .node
        .group(&["bo", "ana", "cy"], Default::default())
        .await;
    team.phone("ana", "phone").await;
    team.iphone("ana", "iphone").await;
    let (fcm, apns) = (team.providers.fcm.desk(), team.providers.apns.desk());
    fcm.hang(true);
    team.node.say("bo", chat, "on its way").await;
    fcm.reached(1).await;
    apns.took(1).await;
    team.node.say("bo", chat, "waiting").await;
    // Through to one of the devices: it waits for the other.
    apns.took(2).await;
    team.node.remove("bo", chat, "ana").await;
    fcm.hang(false);
    team.phone("cy", "cy's").await;
    team.node.say("bo", chat, "after").await;
    let mut told = team.texts().await;
    told.sort();
    assert_eq!(told, ["cy's: bo: after", "phone: bo: on its way"]);
    assert_eq!(apns.taken().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_a_chat_in_which_nobody_had_a_device_is_told() {
    let team = Team::start().await;
    let chat = team.node.group(&["bo", "cy"], Default::default()).await;
    team.node.users(&["ana"]).await;
    team.phone("ana", "phone").await;
    team.node.say("bo", chat, "to nobody").await;
    team.settle().await;
    team.node.add("bo", chat, &[user("ana")]).await;
    team.node.say("bo", chat, "welcome").await;
    team.settle().await;
    // And whoever registers a device is told of the next message.
    team.phone("cy", "cy's").await;
    team.node.say("bo", chat, "again").await;
    let mut told = team.texts().await;
    told.sort();
    assert_eq!(
        told,
        ["cy's: bo: again", "phone: bo: again", "phone: bo: welcome"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_user_is_told_nothing() {
    let team = Team::start().await;
    let chat = team.node.direct("ana", "bo").await;
    team.phone("ana", "phone").await;
    let accounts = &team.node.server.node().ports().accounts;
    let mut row = accounts
        .users(&[user("ana")])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    row.disabled = true;
    accounts.put_user(row).await.unwrap();
    team.node.say("bo", chat, "hi").await;
    assert!(team.texts().await.is_empty());
}
