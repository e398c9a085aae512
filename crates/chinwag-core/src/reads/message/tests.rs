use chinwag_proto::shapes::{HistoryVisible, MessageStatus};

use super::*;
use crate::reads::fixture::{Team, by};

#[tokio::test]
async fn versions_lead_to_the_present_content_and_a_deletion_takes_them() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let message = team.send("ana", chat, "one").await.id;
    for text in ["two", "three"] {
        team.clock.advance(10);
        team.edit("ana", chat, message, text).await;
    }
    let versions = team.reads.versions(&by("bo"), message).await.unwrap();
    let contents = versions
        .versions
        .iter()
        .map(|version| version.content.as_str());
    assert_eq!(contents.collect::<Vec<_>>(), ["one", "two", "three"]);
    team.delete("ana", chat, message).await;
    let versions = team.reads.versions(&by("bo"), message).await.unwrap();
    assert!(versions.versions.is_empty());
    let message = team.reads.message(&by("bo"), message).await.unwrap();
    assert_eq!(
        (message.status, message.content.as_str()),
        (MessageStatus::Deleted, "")
    );
}

#[tokio::test]
async fn a_message_that_one_may_not_see_is_like_one_that_is_not() {
    let team = Team::new(&["ana", "bo", "cy"]).await;
    let chat = team.group(&["ana"], HistoryVisible::Joined).await;
    let early = team.send("ana", chat, "early").await.id;
    team.add("ana", chat, "bo").await;
    let late = team.send("ana", chat, "late").await.id;
    let none = team.reads.message(&by("cy"), MessageId::default()).await;
    let none = none.unwrap_err();
    assert_eq!(none.code, ErrorCode::NotFound);
    for (who, message) in [("cy", early), ("bo", early), ("cy", late)] {
        let refused = team.reads.message(&by(who), message).await;
        assert_eq!(refused.unwrap_err(), none);
        let refused = team.reads.versions(&by(who), message).await;
        assert_eq!(refused.unwrap_err(), none);
        let refused = team.reads.chat_of_message(&by(who), message).await;
        assert_eq!(refused.unwrap_err(), none);
    }
    let found = team.reads.chat_of_message(&by("bo"), late).await;
    assert_eq!(found.unwrap(), chat);
    team.remove("ana", chat, "bo").await;
    assert_eq!(team.reads.message(&by("bo"), late).await.unwrap_err(), none);
}

#[tokio::test]
async fn an_api_key_finds_the_chat_of_any_message_but_reads_as_its_user() {
    let team = Team::new(&["ana", "cy"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let message = team.send("ana", chat, "text").await.id;
    let key = |who| Caller {
        api_key: true,
        ..by(who)
    };
    let found = team.reads.chat_of_message(&key("cy"), message).await;
    assert_eq!(found.unwrap(), chat);
    let refused = team.reads.message(&key("cy"), message).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound);
    let read = team.reads.message(&key("ana"), message).await.unwrap();
    assert_eq!(read.content, "text");
}
