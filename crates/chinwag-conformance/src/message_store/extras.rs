//! What a message has besides its row: versions and reactions; and the end of all: purging.

use chinwag_core::{
    model::LogRow,
    ports::{Append, Follow},
};
use chinwag_proto::{Seq, shapes::Version};

use super::appending::all;
use crate::{Conversation, MessageStoreEngine, chat, conversation::amended, time, user};

/// Writes a message and an edit of it.
fn edited(talk: &mut Conversation) -> (Append, Append) {
    let message = talk.message("ana", "one");
    let edit = talk.edit(&message.row, "two");
    (message, edit)
}

async fn texts<E: MessageStoreEngine>(engine: &E) -> Vec<String> {
    let versions = engine.message_store().versions(chat(1), Seq(1)).await;
    let versions = versions.unwrap().into_iter();
    versions.map(|version| version.content).collect()
}

async fn reactors<E: MessageStoreEngine>(engine: &E) -> Vec<(String, String)> {
    let store = engine.message_store();
    let reactors = store.reactors(chat(1), Seq(1), 100).await.unwrap();
    let mut reactors: Vec<_> = reactors
        .into_iter()
        .map(|(key, user)| (key, user.to_string()))
        .collect();
    reactors.sort();
    reactors
}

pub async fn versions_come_oldest_first<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "version 0");
    let mut row: LogRow = message.row.clone();
    store.append(vec![message]).await.unwrap();
    for number in 1..=12 {
        let edit = talk.edit(&row, &format!("version {number}"));
        row = amended(&edit);
        store.append(vec![edit]).await.unwrap();
    }
    let versions = store.versions(chat(1), Seq(1)).await.unwrap();
    let wanted: Vec<_> = (0..12)
        .map(|number| (format!("version {number}"), time(number + 1)))
        .collect();
    let got: Vec<_> = versions
        .into_iter()
        .map(|version| (version.content, version.timestamp))
        .collect();
    assert_eq!(got, wanted);
    assert!(store.versions(chat(1), Seq(2)).await.unwrap().is_empty());
}

pub async fn one_event_keeps_several_versions<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let mut message = talk.message("ana", "now");
    let keep = |nth: u16| Follow::KeepVersion {
        message: Seq(1),
        version: Version {
            content: format!("version {nth}"),
            timestamp: time(i64::from(nth)),
        },
        nth,
    };
    message.follows = (0..300).map(keep).collect();
    let edit = talk.edit(&message.row, "later");
    store.append(vec![message.clone(), edit]).await.unwrap();
    store.append(vec![message]).await.unwrap();
    let mut wanted: Vec<_> = (0..300).map(|nth| format!("version {nth}")).collect();
    wanted.push("now".into());
    assert_eq!(texts(&engine).await, wanted);
}

pub async fn a_repeated_edit_keeps_one_version<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let (message, edit) = edited(&mut Conversation::of(chat(1)));
    store.append(vec![message, edit.clone()]).await.unwrap();
    store.append(vec![edit]).await.unwrap();
    assert_eq!(texts(&engine).await, ["one"]);
}

pub async fn a_deletion_forgets_versions_and_reactions<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let (message, edit) = edited(&mut talk);
    let react = talk.react(&amended(&edit), "bo", "+", true);
    let row = amended(&react);
    let appends = vec![message, edit, react];
    store.append(appends).await.unwrap();
    assert_eq!(texts(&engine).await, ["one"]);
    let delete = talk.delete(&row);
    store.append(vec![delete.clone()]).await.unwrap();
    assert!(texts(&engine).await.is_empty());
    assert!(reactors(&engine).await.is_empty());
    let own = store.reactions_of(chat(1), &[Seq(1)], &user("bo")).await;
    assert_eq!(own.unwrap(), [Vec::<String>::new()]);
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&delete))]);
}

pub async fn a_late_edit_brings_nothing_back_after_a_deletion<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let (message, edit) = edited(&mut old);
    let react = old.react(&amended(&edit), "bo", "+", true);
    let mut new = old.under(2);
    // Two of the old term that land only after the new owner has deleted the message.
    let late_edit = old.edit(&amended(&react), "three");
    let late_react = old.react(&amended(&late_edit), "cy", "-", true);
    let delete = new.delete(&amended(&react));
    let on_time = vec![message, edit.clone(), react.clone(), delete.clone()];
    store.append(on_time).await.unwrap();
    let late = vec![edit, react, late_edit, late_react];
    store.append(late).await.unwrap();
    assert!(texts(&engine).await.is_empty());
    assert!(reactors(&engine).await.is_empty());
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&delete))]);
}

pub async fn reactions_are_kept_by_user_and_key<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let first = talk.message("ana", "one");
    let second = talk.message("ana", "two");
    let appends = vec![
        first.clone(),
        second.clone(),
        talk.react(&first.row, "bo", "👍", true),
        talk.react(&first.row, "bo", "👍🏽", true),
        talk.react(&first.row, "cy", "👍", true),
        talk.react(&second.row, "bo", "b", true),
    ];
    store.append(appends).await.unwrap();
    let pair = |key: &str, user: &str| (key.to_owned(), user.to_owned());
    let wanted = [pair("👍", "bo"), pair("👍", "cy"), pair("👍🏽", "bo")];
    assert_eq!(reactors(&engine).await, wanted);
    let asked = [Seq(2), Seq(1), Seq(9)];
    let own = store.reactions_of(chat(1), &asked, &user("bo")).await;
    let mut own = own.unwrap();
    own[1].sort();
    assert_eq!(own, [vec!["b"], vec!["👍", "👍🏽"], vec![]]);
    let other = store.reactions_of(chat(1), &asked, &user("b")).await;
    assert!(other.unwrap().iter().all(Vec::is_empty));
}

pub async fn a_reaction_taken_off_is_gone<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "one");
    let on = talk.react(&message.row, "bo", "+", true);
    let off = talk.react(&message.row, "bo", "+", false);
    store.append(vec![message.clone(), on, off]).await.unwrap();
    assert!(reactors(&engine).await.is_empty());
    let again = talk.react(&message.row, "bo", "+", true);
    store.append(vec![again]).await.unwrap();
    assert_eq!(reactors(&engine).await.len(), 1);
}

pub async fn a_late_reaction_loses_to_a_newer_one<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "one");
    let on = talk.react(&message.row, "bo", "+", true);
    let off = talk.react(&message.row, "bo", "+", false);
    let appends = vec![message, on.clone(), off];
    store.append(appends).await.unwrap();
    store.append(vec![on]).await.unwrap();
    assert!(reactors(&engine).await.is_empty());
}

pub async fn reactors_are_at_most_the_limit<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "one");
    let mut appends = vec![message.clone()];
    appends.extend((0..30).map(|n| talk.react(&message.row, &format!("u{n}"), "+", n % 3 > 0)));
    store.append(appends).await.unwrap();
    for (limit, wanted) in [(0, 0), (1, 1), (19, 19), (20, 20), (21, 20)] {
        let reactors = store.reactors(chat(1), Seq(1), limit).await.unwrap();
        assert_eq!(reactors.len(), wanted);
    }
}

pub async fn purging_removes_a_chat_and_no_other<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.request("ana", "one", "c1");
    let edit = talk.edit(&message.row, "two");
    let react = talk.react(&amended(&edit), "bo", "+", true);
    let other = Conversation::of(chat(2)).request("ana", "other", "c1");
    let appends = vec![message.clone(), edit, react, other.clone()];
    store.append(appends).await.unwrap();
    store.purge(chat(1)).await.unwrap();
    assert!(store.read(chat(1), all()).await.unwrap().is_empty());
    assert_eq!(store.find(message.row.id).await.unwrap(), None);
    let client_id = message.row.client_id.unwrap();
    let sent = store.sent(chat(1), &user("ana"), &client_id).await;
    assert_eq!(sent.unwrap(), None);
    assert!(texts(&engine).await.is_empty());
    assert!(reactors(&engine).await.is_empty());
    let heads = store.heads(&[chat(1), chat(2)]).await.unwrap();
    assert_eq!(heads, [None, Some(other.row.clone())]);
    let sent = store.sent(chat(2), &user("ana"), &client_id).await;
    assert_eq!(sent.unwrap(), Some((Seq(1), other.row.id)));
}

pub async fn purging_keeps_the_event_that_deleted_the_chat<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let appends: Vec<_> = (0..3).map(|_| talk.message("ana", "x")).collect();
    let end = talk.end("ana");
    store.append(appends).await.unwrap();
    store.append(vec![end.clone()]).await.unwrap();
    for _ in 0..2 {
        store.purge(chat(1)).await.unwrap();
        let left = store.read(chat(1), all()).await.unwrap();
        assert_eq!(left, std::slice::from_ref(&end.row));
        let place = Some((chat(1), end.row.seq));
        assert_eq!(store.find(end.row.id).await.unwrap(), place);
    }
}

pub async fn purging_again_is_harmless<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    for _ in 0..3 {
        let appends = (0..900).map(|_| talk.message("ana", "x")).collect();
        store.append(appends).await.unwrap();
    }
    for _ in 0..2 {
        store.purge(chat(1)).await.unwrap();
        assert!(store.read(chat(1), all()).await.unwrap().is_empty());
    }
    store.purge(chat(9)).await.unwrap();
}
