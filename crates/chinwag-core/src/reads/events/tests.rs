use chinwag_proto::{Epoch, ErrorCode, frames::LogBody, shapes::HistoryVisible};

use super::*;
use crate::reads::fixture::{Team, by};

async fn events(team: &Team, who: &str, chat: ChatId, after: u64) -> EventsPage {
    let query = EventsQuery {
        after: Seq(after),
        epoch: None,
        limit: Some(200),
    };
    team.reads.events(&by(who), chat, query).await.unwrap()
}

fn kinds(page: &EventsPage) -> Vec<&'static str> {
    let kind = |frame: &LogFrame| match frame.body {
        LogBody::Message { .. } => "message",
        LogBody::MessageEdited { .. } => "edited",
        LogBody::MessageDeleted { .. } => "deleted",
        LogBody::Reaction { .. } => "reaction",
        LogBody::Membership { .. } => "membership",
        LogBody::Chat { .. } => "chat",
        LogBody::Hidden => "hidden",
    };
    page.events.iter().map(kind).collect()
}

#[tokio::test]
async fn every_place_is_there_and_what_one_may_not_see_is_hidden() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana"], HistoryVisible::Joined).await;
    let early = team.send("ana", chat, "early").await;
    team.add("ana", chat, "bo").await;
    let late = team.send("ana", chat, "late").await;
    team.edit("ana", chat, early.id, "early, edited").await;
    team.react("ana", chat, early.id).await;
    team.edit("ana", chat, late.id, "late, edited").await;
    team.delete("ana", chat, early.id).await;
    let page = events(&team, "bo", chat, 0).await;
    assert_eq!(
        kinds(&page),
        [
            "hidden",
            "hidden",
            "membership",
            "message",
            "hidden",
            "hidden",
            "edited",
            "hidden"
        ]
    );
    let places: Vec<u64> = page.events.iter().map(|frame| frame.seq.0).collect();
    assert_eq!(places, (1..=8).collect::<Vec<_>>());
    assert!(!serde_json::to_string(&page).unwrap().contains("early"));
    let page = events(&team, "ana", chat, 4).await;
    assert_eq!(kinds(&page), ["edited", "reaction", "edited", "deleted"]);
}

#[tokio::test]
async fn an_edit_carries_its_message_as_it_is_now() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    let message = team.send("ana", chat, "one").await;
    team.edit("ana", chat, message.id, "two").await;
    team.edit("ana", chat, message.id, "three").await;
    let page = events(&team, "ana", chat, 1).await;
    for frame in &page.events {
        match &frame.body {
            LogBody::Message { message } | LogBody::MessageEdited { message, .. } => {
                assert_eq!(
                    (message.content.as_str(), message.change_seq),
                    ("three", Seq(4))
                );
            }
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_up_to_the_head() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    team.send_many("ana", chat, 149).await;
    let (mut after, mut places) = (Seq::ZERO, Vec::new());
    loop {
        let query = EventsQuery {
            after,
            epoch: None,
            limit: Some(70),
        };
        let page = team.reads.events(&by("ana"), chat, query).await.unwrap();
        places.extend(page.events.iter().map(|frame| frame.seq.0));
        after = page.events.last().unwrap().seq;
        if !page.has_more {
            break;
        }
    }
    assert_eq!(places, (1..=150).collect::<Vec<_>>());
    for above in [150, 151, u64::MAX] {
        let page = events(&team, "ana", chat, above).await;
        assert!(page.events.is_empty() && !page.has_more);
    }
}

#[tokio::test]
async fn another_epoch_gets_the_chat_anew() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    team.send_many("ana", chat, 3).await;
    let query = EventsQuery {
        after: Seq(3),
        epoch: Some(Epoch(9)),
        limit: None,
    };
    let page = team.reads.events(&by("ana"), chat, query).await.unwrap();
    assert_eq!((page.epoch, page.events.len()), (Epoch(1), 4));
}

#[tokio::test]
async fn a_chat_that_was_deleted_is_gone_for_all() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let delete = crate::owner::Command::DeleteChat;
    team.run("ana", chat, delete).await;
    for who in ["ana", "bo"] {
        let query = EventsQuery {
            after: Seq::ZERO,
            epoch: None,
            limit: None,
        };
        let refused = team.reads.events(&by(who), chat, query).await;
        assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn a_hole_below_the_head_is_damage_and_never_an_empty_answer() {
    let team = Team::new(&["ana"]).await;
    let chat = team.group(&["ana"], HistoryVisible::All).await;
    team.send("ana", chat, "lost").await;
    team.ports.store.purge(chat).await.unwrap();
    let query = EventsQuery {
        after: Seq::ZERO,
        epoch: None,
        limit: None,
    };
    let refused = team.reads.events(&by("ana"), chat, query).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Internal);
    let refused = team.reads.chats(&by("ana"), Default::default()).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Internal);
}
