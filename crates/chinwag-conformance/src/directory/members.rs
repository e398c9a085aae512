//! Members of chats and chats of users.

use std::sync::Arc;

use chinwag_core::{
    model::{MarkRow, PreferencesRow},
    ports::Directory,
};
use chinwag_proto::UserId;

use crate::{Conversation, DirectoryEngine, chat, user};

/// Ids whose order by bytes is not the alphabet's, and ids that are each other's beginning.
const IDS: [&str; 12] = [
    "a", "A", "aa", "a b", "a!", "a:b", "ab", "b", "Z", "é", "日本", "👍",
];

fn in_order_of_bytes() -> Vec<&'static str> {
    let mut ids = IDS.to_vec();
    ids.sort_unstable_by_key(|id| id.as_bytes().to_vec());
    ids
}

/// Reads all members of chat 1 page by page.
async fn members(directory: &Arc<dyn Directory>, limit: usize) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    let mut after: Option<UserId> = None;
    loop {
        let page = directory.members(chat(1), after.as_ref(), limit).await;
        let page = page.unwrap();
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return all };
        after = Some(last.user.clone());
        all.extend(page.iter().map(|row| (row.user.to_string(), row.active)));
    }
}

pub async fn members_come_in_order_of_user_id_by_page<E: DirectoryEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let mut other = Conversation::of(chat(2));
    let appends = vec![talk.join(&IDS), other.join(&["a", "c", "zz"])];
    engine.message_store().append(appends).await.unwrap();
    let wanted: Vec<_> = in_order_of_bytes()
        .into_iter()
        .map(|id| (id.to_owned(), true))
        .collect();
    for limit in [1, 5, 11, 12, 13] {
        assert_eq!(members(&engine.directory(), limit).await, wanted);
    }
    // The one after which is asked need not be a member.
    let after = user("aaa");
    let page = engine.directory().members(chat(1), Some(&after), 2).await;
    let ids: Vec<_> = page.unwrap().into_iter().map(|row| row.user).collect();
    assert_eq!(ids, [user("ab"), user("b")]);
}

pub async fn members_who_left_stay_and_are_marked<E: DirectoryEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let join = talk.join(&["ana", "bo", "cy"]);
    let part = talk.part(&["bo"]);
    let left = talk.member_row("bo", false);
    engine
        .message_store()
        .append(vec![join, part])
        .await
        .unwrap();
    let directory = engine.directory();
    let wanted = [("ana", true), ("bo", false), ("cy", true)];
    let wanted = wanted.map(|(id, active)| (id.to_owned(), active));
    assert_eq!(members(&directory, 10).await, wanted);
    let memberships = directory.memberships(chat(1), &[user("bo")]).await.unwrap();
    let membership = memberships.into_iter().next().flatten().unwrap();
    assert_eq!(membership.member, left);
}

pub async fn a_member_under_a_lower_stamp_loses<E: DirectoryEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let join = old.join(&["ana", "bo"]);
    let mut new = old.under(2);
    let part = new.part(&["bo"]);
    store.append(vec![join.clone(), part]).await.unwrap();
    store.append(vec![join]).await.unwrap();
    let late = old.join(&["bo"]);
    store.append(vec![late]).await.unwrap();
    let members = members(&engine.directory(), 10).await;
    assert_eq!(
        members,
        [("ana".to_owned(), true), ("bo".to_owned(), false)]
    );
}

pub async fn memberships_answer_in_the_order_of_the_question<E: DirectoryEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let join = talk.join(&["ana", "bo"]);
    let row = talk.member_row("bo", true);
    engine.message_store().append(vec![join]).await.unwrap();
    let directory = engine.directory();
    let asked = ["bo", "nobody", "ana", "b", "bo"].map(user);
    let memberships = directory.memberships(chat(1), &asked).await.unwrap();
    let found: Vec<_> = memberships
        .iter()
        .map(|it| it.as_ref().map(|it| it.member.user.as_str()))
        .collect();
    assert_eq!(found, [Some("bo"), None, Some("ana"), None, Some("bo")]);
    let first = memberships.into_iter().next().flatten().unwrap();
    assert_eq!(first.member, row);
    assert_eq!(first.marks, MarkRow::default());
    assert_eq!(first.preferences, PreferencesRow::default());
    let elsewhere = directory.memberships(chat(2), &asked).await.unwrap();
    assert!(elsewhere.iter().all(Option::is_none));
}

pub async fn chats_of_a_user_come_in_order_of_chat_id_by_page<E: DirectoryEngine>(engine: E) {
    let ids = [7, 1, 256, 255, 65_536];
    let mut appends = Vec::new();
    for id in ids {
        let mut talk = Conversation::of(chat(id));
        appends.push(talk.join(&["ana", "bo"]));
        if id == 7 {
            appends.push(talk.part(&["ana"]));
        }
    }
    appends.push(Conversation::of(chat(3)).join(&["bo"]));
    engine.message_store().append(appends).await.unwrap();
    let wanted = [
        (1, true),
        (7, false),
        (255, true),
        (256, true),
        (65_536, true),
    ];
    let directory = engine.directory();
    for limit in [1, 4, 5, 6] {
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let page = directory
                .chats_of(&user("ana"), after, limit)
                .await
                .unwrap();
            assert!(page.len() <= limit);
            let Some(last) = page.last() else { break };
            after = Some(last.member.chat);
            all.extend(page.iter().map(|it| (it.member.chat.0, it.member.active)));
        }
        assert_eq!(all, wanted);
    }
    let none = directory.chats_of(&user("nobody"), None, 9).await.unwrap();
    assert!(none.is_empty());
}

pub async fn users_whose_ids_begin_alike_do_not_mix<E: DirectoryEngine>(engine: E) {
    let mut appends = Vec::new();
    for (id, name) in (1..).zip(IDS) {
        appends.push(Conversation::of(chat(id)).join(&[name]));
    }
    engine.message_store().append(appends).await.unwrap();
    for (id, name) in (1..).zip(IDS) {
        let chats = engine.directory().chats_of(&user(name), None, 99).await;
        let chats: Vec<_> = chats.unwrap().iter().map(|it| it.member.chat.0).collect();
        assert_eq!(chats, [id], "{name}");
    }
}

pub async fn a_membership_is_there_with_its_event<E: DirectoryEngine>(engine: E) {
    let store = engine.message_store();
    let writer = tokio::spawn(async move {
        let mut talk = Conversation::of(chat(1));
        for number in 0..100 {
            let join = talk.join(&[&format!("user{number}")]);
            store.append(vec![join]).await.unwrap();
        }
    });
    let (store, directory) = (engine.message_store(), engine.directory());
    let mut seen = 0;
    while seen < 100 {
        let heads = store.heads(&[chat(1)]).await.unwrap();
        seen = heads[0].as_ref().map_or(0, |head| head.seq.0);
        if seen == 0 {
            tokio::task::yield_now().await;
            continue;
        }
        let joined = user(&format!("user{}", seen - 1));
        let found = directory.memberships(chat(1), &[joined]).await.unwrap();
        assert!(found[0].is_some());
    }
    writer.await.unwrap();
}

pub async fn memberships_are_there_after_reopening<E: DirectoryEngine>(engine: E) {
    let mut talk = Conversation::of(chat(1));
    let made = talk.make("x");
    let join = talk.join(&["ana", "bo"]);
    let part = talk.part(&["bo"]);
    let appends = vec![made, join, part];
    engine.message_store().append(appends).await.unwrap();
    let engine = engine.reopen().await;
    let directory = engine.directory();
    let wanted = [("ana".to_owned(), true), ("bo".to_owned(), false)];
    assert_eq!(members(&directory, 10).await, wanted);
    let chats = directory.chats_of(&user("bo"), None, 9).await.unwrap();
    assert_eq!(chats.len(), 1);
    assert!(directory.chats(&[chat(1)]).await.unwrap()[0].is_some());
}

pub async fn nobody_becomes_a_member_by_an_event_that_finds_its_place_taken<E: DirectoryEngine>(
    engine: E,
) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let join = old.join(&["ana", "bo"]);
    let mut new = old.under(2);
    // Two of the old term that land only after the new owner has written at their places.
    let late_join = old.join(&["cy"]);
    let late_part = old.part(&["bo"]);
    let taken = vec![new.message("ana", "one"), new.message("ana", "two")];
    store.append(vec![join]).await.unwrap();
    store.append(taken).await.unwrap();
    store.append(vec![late_join, late_part]).await.unwrap();
    let directory = engine.directory();
    let wanted = [("ana".to_owned(), true), ("bo".to_owned(), true)];
    for limit in [1, 2, 10] {
        assert_eq!(members(&directory, limit).await, wanted);
    }
    let asked = [user("bo"), user("cy")];
    let found = directory.memberships(chat(1), &asked).await.unwrap();
    let active = found.into_iter().map(|found| Some(found?.member.active));
    assert_eq!(active.collect::<Vec<_>>(), [Some(true), None]);
    let chats = directory.chats_of(&user("cy"), None, 10).await.unwrap();
    assert!(chats.is_empty());
}
