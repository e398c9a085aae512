//! Marks and settings.

use std::sync::Arc;

use chinwag_core::{
    model::{MarkRow, Place, PreferencesRow, Term},
    ports::{Directory, Stamp},
};
use chinwag_proto::{EventId, Seq, UserId, shapes::PushPreference};

use crate::{Conversation, DirectoryEngine, chat, time, user};

fn read_to(seq: u64) -> MarkRow {
    let place = Place {
        seq: Seq(seq),
        id: EventId(seq * 10),
    };
    MarkRow {
        delivered: Some(place),
        read: Some(place),
        changed_at: time(i64::try_from(seq).unwrap()),
    }
}

fn stamp(term: u32, seq: u64) -> Stamp {
    Stamp {
        term: Term(term),
        seq: Seq(seq),
    }
}

/// Makes chat 1 with some members.
async fn with_members<E: DirectoryEngine>(engine: &E, users: &[&str]) {
    let append = Conversation::of(chat(1)).join(users);
    engine.message_store().append(vec![append]).await.unwrap();
}

async fn put<E: DirectoryEngine>(engine: &E, id: &str, marks: MarkRow, stamp: Stamp) {
    let marks = vec![(chat(1), user(id), marks, stamp)];
    engine.directory().put_marks(marks).await.unwrap();
}

async fn marks_of<E: DirectoryEngine>(engine: &E, id: &str) -> MarkRow {
    let found = engine.directory().memberships(chat(1), &[user(id)]).await;
    found.unwrap().remove(0).unwrap().marks
}

async fn put_settings(
    directory: &Arc<dyn Directory>,
    chat_id: u64,
    id: &str,
    settings: PreferencesRow,
) {
    let put = directory
        .put_preferences(chat(chat_id), &user(id), settings)
        .await;
    put.unwrap();
}

async fn settings_of<E: DirectoryEngine>(engine: &E, id: &str) -> PreferencesRow {
    let found = engine.directory().memberships(chat(1), &[user(id)]).await;
    found.unwrap().remove(0).unwrap().preferences
}

pub async fn marks_come_with_the_membership_and_by_page<E: DirectoryEngine>(engine: E) {
    let ids = ["Z", "a", "a!", "aa", "é"];
    with_members(&engine, &ids).await;
    for (seq, id) in (1..).zip(ids) {
        put(&engine, id, read_to(seq), stamp(1, 1)).await;
    }
    let elsewhere = vec![(chat(2), user("b"), read_to(9), stamp(1, 1))];
    engine.directory().put_marks(elsewhere).await.unwrap();
    assert_eq!(marks_of(&engine, "aa").await, read_to(4));
    for limit in [1, 4, 5, 6] {
        let mut all = Vec::new();
        let mut after: Option<UserId> = None;
        loop {
            let directory = engine.directory();
            let page = directory.marks(chat(1), after.as_ref(), limit).await;
            let page = page.unwrap();
            assert!(page.len() <= limit);
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            all.extend(page);
        }
        let wanted: Vec<_> = (1..)
            .zip(ids)
            .map(|(seq, id)| (user(id), read_to(seq)))
            .collect();
        assert_eq!(all, wanted);
    }
}

pub async fn a_mark_under_a_lower_stamp_loses<E: DirectoryEngine>(engine: E) {
    with_members(&engine, &["ana"]).await;
    put(&engine, "ana", read_to(5), stamp(2, 10)).await;
    put(&engine, "ana", read_to(4), stamp(2, 9)).await;
    put(&engine, "ana", read_to(9), stamp(1, 1_000)).await;
    assert_eq!(marks_of(&engine, "ana").await, read_to(5));
    put(&engine, "ana", read_to(6), stamp(2, 11)).await;
    assert_eq!(marks_of(&engine, "ana").await, read_to(6));
}

pub async fn marks_under_a_higher_stamp_may_move_back<E: DirectoryEngine>(engine: E) {
    with_members(&engine, &["ana"]).await;
    put(&engine, "ana", read_to(5), stamp(1, 10)).await;
    put(&engine, "ana", read_to(2), stamp(1, 11)).await;
    assert_eq!(marks_of(&engine, "ana").await, read_to(2));
    put(&engine, "ana", MarkRow::default(), stamp(1, 12)).await;
    assert_eq!(marks_of(&engine, "ana").await, MarkRow::default());
}

pub async fn marks_written_again_are_harmless<E: DirectoryEngine>(engine: E) {
    with_members(&engine, &["ana"]).await;
    for _ in 0..3 {
        put(&engine, "ana", read_to(5), stamp(1, 10)).await;
    }
    assert_eq!(marks_of(&engine, "ana").await, read_to(5));
    let marks = engine.directory().marks(chat(1), None, 9).await.unwrap();
    assert_eq!(marks.len(), 1);
}

pub async fn one_call_writes_many_marks<E: DirectoryEngine>(engine: E) {
    let ids: Vec<String> = (0..500).map(|number| format!("user{number:03}")).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    with_members(&engine, &names).await;
    let marks = (1..)
        .zip(&names)
        .map(|(seq, id)| (chat(1), user(id), read_to(seq), stamp(1, 1)));
    let mut marks: Vec<_> = marks.collect();
    // The same one twice in a call: the higher stamp holds, whichever comes last.
    marks.push((chat(1), user("user000"), read_to(900), stamp(1, 3)));
    marks.push((chat(1), user("user000"), read_to(901), stamp(1, 2)));
    engine.directory().put_marks(marks).await.unwrap();
    let all = engine
        .directory()
        .marks(chat(1), None, 1_000)
        .await
        .unwrap();
    assert_eq!(all.len(), 500);
    assert_eq!(all[0].1, read_to(900));
    assert_eq!(all[499].1, read_to(500));
    engine.directory().put_marks(Vec::new()).await.unwrap();
}

pub async fn the_last_settings_hold_for_each_user_alone<E: DirectoryEngine>(engine: E) {
    with_members(&engine, &["ana", "bo"]).await;
    let mentions = PreferencesRow {
        muted_until: Some(time(1)),
        push: PushPreference::Mentions,
        changed_at: time(2),
    };
    let none = PreferencesRow {
        muted_until: None,
        push: PushPreference::None,
        changed_at: time(1),
    };
    let directory = engine.directory();
    for settings in [mentions.clone(), none.clone()] {
        put_settings(&directory, 1, "ana", settings).await;
    }
    put_settings(&directory, 2, "bo", mentions).await;
    assert_eq!(settings_of(&engine, "ana").await, none);
    assert_eq!(settings_of(&engine, "bo").await, PreferencesRow::default());
}

pub async fn marks_and_settings_are_there_after_reopening<E: DirectoryEngine>(engine: E) {
    with_members(&engine, &["ana"]).await;
    put(&engine, "ana", read_to(5), stamp(1, 10)).await;
    let muted = PreferencesRow {
        muted_until: Some(time(1)),
        ..PreferencesRow::default()
    };
    let directory = engine.directory();
    put_settings(&directory, 1, "ana", muted.clone()).await;
    drop(directory);
    let engine = engine.reopen().await;
    assert_eq!(marks_of(&engine, "ana").await, read_to(5));
    assert_eq!(settings_of(&engine, "ana").await, muted);
    put(&engine, "ana", read_to(4), stamp(1, 9)).await;
    assert_eq!(marks_of(&engine, "ana").await, read_to(5));
}
