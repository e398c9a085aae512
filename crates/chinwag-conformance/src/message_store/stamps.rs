//! Stamps: a write under a lower one than what is there loses (rule S3).

use chinwag_core::{
    model::Term,
    ports::{Follow, Stamp},
};
use chinwag_proto::{ClientId, Seq};

use super::appending::all;
use crate::{Conversation, MessageStoreEngine, chat, conversation::amended, user};

pub async fn a_write_under_a_lower_stamp_loses<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let first = old.message("ana", "one");
    let mut new = old.under(2);
    let late = old.message("ana", "late");
    let second = new.message("bo", "two");
    store
        .append(vec![first.clone(), second.clone()])
        .await
        .unwrap();
    store.append(vec![late.clone()]).await.unwrap();
    let rows = store.read(chat(1), all()).await.unwrap();
    assert_eq!(rows, [first.row, second.row.clone()]);
    assert_eq!(store.heads(&[chat(1)]).await.unwrap(), [Some(second.row)]);
    assert_eq!(store.find(late.row.id).await.unwrap(), None);
}

pub async fn a_row_of_a_higher_term_takes_the_place<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let mut new = old.under(2);
    let lost = old.message("ana", "lost");
    let kept = new.message("bo", "kept");
    store.append(vec![lost]).await.unwrap();
    store.append(vec![kept.clone()]).await.unwrap();
    assert_eq!(store.read(chat(1), all()).await.unwrap(), [kept.row]);
}

pub async fn a_repeated_append_does_not_undo_an_edit<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "before");
    let edit = talk.edit(&message.row, "after");
    store.append(vec![message.clone()]).await.unwrap();
    store.append(vec![edit.clone()]).await.unwrap();
    store.append(vec![message]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&edit))]);
}

pub async fn an_older_amendment_does_not_undo_a_newer_one<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "one");
    let second = talk.edit(&message.row, "two");
    let third = talk.edit(&amended(&second), "three");
    let appends = vec![message, second.clone(), third.clone()];
    store.append(appends).await.unwrap();
    store.append(vec![second]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&third))]);
}

pub async fn an_amendment_under_a_lower_term_loses<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let message = old.message("ana", "one");
    let mut new = old.under(2);
    let newer = new.edit(&message.row, "of the new owner");
    for _ in 0..5 {
        old.event("ana", chinwag_core::model::RowBody::Term);
    }
    // Its place is higher, but its term is lower.
    let late = old.edit(&message.row, "of the old owner");
    let appends = vec![message, newer.clone()];
    store.append(appends).await.unwrap();
    store.append(vec![late]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&newer))]);
}

pub async fn amending_keeps_the_term_that_placed_the_message<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let message = old.message("ana", "one");
    let mut new = old.under(2);
    let edit = new.edit(&message.row, "two");
    assert!(edit.follows.iter().any(|it| matches!(it, Follow::Amend(_))));
    store.append(vec![message.clone(), edit]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    let row = rows.into_iter().next().flatten().unwrap();
    assert_eq!((row.term, row.id), (Term(1), message.row.id));
    assert_eq!(row.message().unwrap().content, "two");
    let found = store.find(message.row.id).await.unwrap();
    assert_eq!(found, Some((chat(1), Seq(1))));
}

pub async fn a_deletion_beats_the_edit_before_it_whichever_lands_last<E: MessageStoreEngine>(
    engine: E,
) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "one");
    let edit = talk.edit(&message.row, "two");
    let delete = talk.delete(&amended(&edit));
    store.append(vec![message.clone()]).await.unwrap();
    store.append(vec![delete.clone()]).await.unwrap();
    store.append(vec![edit.clone()]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&delete))]);
    assert!(store.versions(chat(1), Seq(1)).await.unwrap().is_empty());
    // All of it again, as an owner does who wasn't told.
    store.append(vec![delete.clone(), message]).await.unwrap();
    store.append(vec![edit]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&delete))]);
    let log = store.read(chat(1), all()).await.unwrap();
    assert_eq!(log.len(), 3);
}

pub async fn a_late_row_above_the_later_terms_head_gives_way_to_the_next_one<
    E: MessageStoreEngine,
>(
    engine: E,
) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let first = old.message("ana", "one");
    let mut new = old.under(2);
    let second = new.message("bo", "two");
    let late: Vec<_> = (0..3).map(|_| old.message("ana", "late")).collect();
    store
        .append(vec![first.clone(), second.clone()])
        .await
        .unwrap();
    store.append(late).await.unwrap();
    let (third, fourth) = (new.message("bo", "three"), new.message("bo", "four"));
    let appends = vec![third.clone(), fourth.clone()];
    store.append(appends).await.unwrap();
    let rows = store.read(chat(1), all()).await.unwrap();
    assert_eq!(rows, [first.row, second.row, third.row, fourth.row]);
}

pub async fn a_row_written_again_under_a_later_term_gives_way_to_no_term_between<
    E: MessageStoreEngine,
>(
    engine: E,
) {
    let store = engine.message_store();
    let mut old = Conversation::of(chat(1));
    let mut between = old.under(2);
    let adopted = old.request("ana", "adopted", "c1");
    store.append(vec![adopted.clone()]).await.unwrap();
    let stamp = Stamp {
        term: Term(3),
        seq: Seq(1),
    };
    let again = vec![(adopted.row.clone(), stamp)];
    store.rewrite(chat(1), again.clone()).await.unwrap();
    store.rewrite(chat(1), again).await.unwrap();
    let late = between.request("ana", "late", "c1");
    store.append(vec![late]).await.unwrap();
    let mut rows = store.read(chat(1), all()).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        rows.remove(0),
        adopted.row,
        "placed by the term that it was"
    );
    let id = adopted.row.id;
    assert_eq!(store.find(id).await.unwrap(), Some((chat(1), Seq(1))));
    let client_id = ClientId::new("c1").unwrap();
    let sent = store.sent(chat(1), &user("ana"), &client_id).await.unwrap();
    assert_eq!(sent, Some((Seq(1), id)));
    // The term that wrote it again goes on from there.
    let mut new = old.under(3);
    let edit = new.edit(&adopted.row, "edited");
    store.append(vec![edit.clone()]).await.unwrap();
    let rows = store.rows(&[(chat(1), Seq(1))]).await.unwrap();
    assert_eq!(rows, [Some(amended(&edit))]);
}
