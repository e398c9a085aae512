use std::collections::BTreeSet;

use chinwag_proto::{
    Epoch, ErrorCode, Limits,
    http::{Preferences, SyncChat},
    shapes::HistoryVisible,
};

use super::*;
use crate::{
    owner::Command,
    reads::fixture::{Team, by},
};

fn request(since: &str, chats: &[(ChatId, u64)]) -> SyncRequest {
    let place = |(chat, seq): &(ChatId, u64)| {
        let place = Place {
            epoch: Epoch(1),
            seq: Seq(*seq),
        };
        (*chat, place)
    };
    SyncRequest {
        since: Some(since.to_owned()),
        chats: chats.iter().map(place).collect(),
    }
}

async fn one(team: &Team, who: &str, request: SyncRequest) -> SyncAnswer {
    let mut answers = team.sync(who, request).await;
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

/// Syncs until only what happens from here on is a change.
async fn synced(team: &Team, who: &str) -> String {
    let all = one(team, who, SyncRequest::default()).await;
    team.clock.advance(9_000);
    let again = one(team, who, request(&all.token, &[])).await;
    team.clock.advance(8_001);
    let nothing = one(team, who, request(&again.token, &[])).await;
    assert!(nothing.chats.is_empty() && nothing.left.is_empty());
    nothing.token
}

fn ids(chats: &[SyncChat]) -> Vec<ChatId> {
    chats.iter().map(|entry| entry.chat.id).collect()
}

fn places(entry: &SyncChat) -> Vec<u64> {
    entry.events.iter().map(|frame| frame.seq.0).collect()
}

#[tokio::test]
async fn without_a_token_every_chat_comes_with_its_head() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.group(&["bo"], HistoryVisible::All).await;
    team.send("ana", chat, "hello").await;
    let answer = one(&team, "ana", SyncRequest::default()).await;
    assert_eq!((ids(&answer.chats), answer.left), (vec![chat], vec![]));
    let entry = &answer.chats[0];
    assert!(entry.limited && entry.events.is_empty());
    let last = entry.chat.head.last_message.as_ref().unwrap();
    assert_eq!(last.content, "hello");
}

#[tokio::test]
async fn a_named_chat_comes_with_the_events_after_its_place() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let quiet = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.send_many("bo", chat, 3).await;
    let token = synced(&team, "ana").await;
    team.send("bo", chat, "new").await;
    let answer = one(&team, "ana", request(&token, &[(chat, 5), (quiet, 2)])).await;
    assert_eq!(ids(&answer.chats), [chat]);
    let entry = &answer.chats[0];
    assert_eq!((places(entry), entry.limited), (vec![6], false));
    assert_eq!((entry.chat.head.seq, entry.chat.unread), (Seq(6), 4));
}

#[tokio::test]
async fn a_place_that_is_behind_is_told_however_old_the_change_is() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.send_many("bo", chat, 3).await;
    let token = synced(&team, "ana").await;
    let answer = one(&team, "ana", request(&token, &[(chat, 3)])).await;
    assert_eq!(places(&answer.chats[0]), [4, 5]);
}

#[tokio::test]
async fn too_many_events_come_as_the_newest_ones_and_limited() {
    let limits = Limits {
        sync_events: 10,
        ..Limits::default()
    };
    let team = Team::with_limits(&["ana", "bo"], limits).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    team.send_many("bo", chat, 30).await;
    let token = synced(&team, "ana").await;
    for (held, limited) in [(22, false), (21, true)] {
        let answer = one(&team, "ana", request(&token, &[(chat, held)])).await;
        let entry = &answer.chats[0];
        assert_eq!(places(entry), (23..=32).collect::<Vec<_>>());
        assert_eq!(entry.limited, limited);
    }
}

#[tokio::test]
async fn another_epoch_gets_the_chat_anew() {
    let team = Team::new(&["ana", "bo"]).await;
    let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let token = synced(&team, "ana").await;
    let mut other_epoch = request(&token, &[(chat, 2)]);
    for place in other_epoch.chats.values_mut() {
        place.epoch = Epoch(9);
    }
    let answer = one(&team, "ana", other_epoch).await;
    assert!(answer.chats[0].limited);
    assert_eq!(places(&answer.chats[0]), [1, 2]);
}

#[tokio::test]
async fn what_changed_elsewhere_is_told_though_no_place_moved() {
    let team = Team::new(&["ana", "bo"]).await;
    let read = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let muted = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let quiet = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let message = team.send("bo", read, "read me").await;
    let token = synced(&team, "ana").await;
    team.read("ana", read, message.id).await;
    let preferences = Preferences {
        muted_until: Some(team.clock_now().plus_millis(60_000)),
        ..Preferences::default()
    };
    let ana = by("ana");
    let setting = team.reads.set_preferences(&ana, muted, preferences.clone());
    setting.await.unwrap();
    let named = [(read, 3), (muted, 2), (quiet, 2)];
    let answer = one(&team, "ana", request(&token, &named)).await;
    assert_eq!(ids(&answer.chats), [read, muted]);
    let [first, second] = answer.chats.as_slice() else {
        panic!("two chats changed");
    };
    assert_eq!(first.chat.marks.read, Some(message.id));
    assert_eq!((first.chat.unread, first.limited), (0, false));
    assert_eq!(second.chat.muted_until, preferences.muted_until);
}

#[tokio::test]
async fn a_chat_joined_and_one_not_named_come_with_head_and_limited() {
    let team = Team::new(&["ana", "bo"]).await;
    let old = team.group(&["ana", "bo"], HistoryVisible::All).await;
    let later = team.group(&["bo"], HistoryVisible::All).await;
    let token = synced(&team, "ana").await;
    team.send("bo", old, "news").await;
    team.add("bo", later, "ana").await;
    let answer = one(&team, "ana", request(&token, &[])).await;
    assert_eq!(ids(&answer.chats), [old, later]);
    for entry in &answer.chats {
        assert!(entry.limited && entry.events.is_empty());
    }
}

#[tokio::test]
async fn chats_left_deleted_or_never_joined_are_told_as_left() {
    let team = Team::new(&["ana", "bo"]).await;
    let stays = team.group(&["bo", "ana"], HistoryVisible::All).await;
    let removed = team.group(&["bo", "ana"], HistoryVisible::All).await;
    let deleted = team.group(&["bo", "ana"], HistoryVisible::All).await;
    let strange = team.group(&["bo"], HistoryVisible::All).await;
    let token = synced(&team, "ana").await;
    team.remove("bo", removed, "ana").await;
    team.run("bo", deleted, Command::DeleteChat).await;
    let unnamed = one(&team, "ana", request(&token, &[])).await;
    assert_eq!(unnamed.left, [removed, deleted]);
    let all = [(stays, 2), (removed, 2), (deleted, 2), (strange, 1)];
    let named = one(&team, "ana", request(&token, &all)).await;
    assert_eq!(named.left, [removed, deleted, strange]);
    assert!(named.chats.is_empty());
    let much_later = synced(&team, "ana").await;
    let answer = one(&team, "ana", request(&much_later, &all)).await;
    assert_eq!(answer.left, [removed, deleted, strange]);
}

#[tokio::test]
async fn a_thousand_chats_come_once_each_over_several_answers() {
    let team = Team::new(&["ana"]).await;
    let mut chats = BTreeSet::new();
    for _ in 0..1_030 {
        chats.insert(team.group(&["ana"], HistoryVisible::All).await);
    }
    let answers = team.sync("ana", SyncRequest::default()).await;
    assert_eq!(answers.len(), 6);
    let told = answers.iter().flat_map(|answer| ids(&answer.chats));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), chats.len(), "each chat once");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), chats);
}

#[tokio::test]
async fn what_changes_between_two_answers_of_one_sync_is_told_by_the_next() {
    let team = Team::new(&["ana", "bo"]).await;
    let mut chats = Vec::new();
    for _ in 0..250 {
        chats.push(team.group(&["ana", "bo"], HistoryVisible::All).await);
    }
    chats.sort_unstable();
    let ana = by("ana");
    let first = team.reads.sync(&ana, SyncRequest::default()).await;
    let first = first.unwrap();
    assert!(!first.complete && ids(&first.chats).contains(&chats[0]));
    team.clock.advance(9_000);
    team.send("bo", chats[0], "meanwhile").await;
    let rest = one(&team, "ana", request(&first.token, &[])).await;
    assert!(!ids(&rest.chats).contains(&chats[0]));
    let next = team.sync("ana", request(&rest.token, &[])).await;
    let mut told = next.iter().flat_map(|answer| ids(&answer.chats));
    assert!(told.any(|chat| chat == chats[0]));
}

#[tokio::test]
async fn every_answer_stays_below_its_bytes_and_all_chats_come() {
    let limits = Limits {
        answer_bytes: 40 * 1024,
        ..Limits::default()
    };
    let team = Team::with_limits(&["ana", "bo"], limits).await;
    let (mut chats, mut named) = (BTreeSet::new(), Vec::new());
    for _ in 0..10 {
        let chat = team.group(&["ana", "bo"], HistoryVisible::All).await;
        for _ in 0..3 {
            team.send("bo", chat, &"x".repeat(9 * 1024)).await;
        }
        chats.insert(chat);
        named.push((chat, 2));
    }
    let first = SyncRequest {
        since: None,
        ..request("", &named)
    };
    let mut told = BTreeSet::new();
    for answer in team.sync("ana", first).await {
        assert!(serde_json::to_vec(&answer).unwrap().len() <= 40 * 1024);
        for entry in &answer.chats {
            assert!(told.insert(entry.chat.id), "each chat once");
            // What didn't fit is missing at the front, and said so.
            assert_eq!((places(entry), entry.limited), (vec![5], true));
        }
    }
    assert_eq!(told, chats);
}

#[tokio::test]
async fn a_token_that_is_none_and_too_many_chats_are_refused() {
    let team = Team::new(&["ana"]).await;
    let wrong = team.reads.sync(&by("ana"), request("yesterday", &[])).await;
    assert_eq!(wrong.unwrap_err().code, ErrorCode::BadRequest);
    let many: Vec<_> = (1..=1_001).map(|chat| (ChatId(chat), 1)).collect();
    let many = SyncRequest {
        since: None,
        ..request("", &many)
    };
    let refused = team.reads.sync(&by("ana"), many).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::BadRequest);
}
