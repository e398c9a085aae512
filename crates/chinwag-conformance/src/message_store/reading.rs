//! Reading single rows and heads of many chats.

use chinwag_core::model::RowBody;
use chinwag_proto::{ChatId, Seq};

use super::appending::all;
use crate::{Conversation, MessageStoreEngine, chat};

pub async fn rows_answer_in_the_order_of_the_question<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let first = talk.message("ana", "one");
    let second = talk.message("ana", "two");
    let other = Conversation::of(chat(2)).message("bo", "three");
    let appends = vec![first.clone(), second.clone(), other.clone()];
    store.append(appends).await.unwrap();
    let asked = [
        (chat(2), Seq(1)),
        (chat(1), Seq(3)),
        (chat(1), Seq(2)),
        (chat(3), Seq(1)),
        (chat(1), Seq(1)),
        (chat(1), Seq(2)),
        (chat(1), Seq(0)),
    ];
    let wanted = [
        Some(other.row),
        None,
        Some(second.row.clone()),
        None,
        Some(first.row),
        Some(second.row),
        None,
    ];
    assert_eq!(store.rows(&asked).await.unwrap(), wanted);
    assert!(store.rows(&[]).await.unwrap().is_empty());
}

pub async fn heads_answer_in_the_order_of_the_question<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talks: Vec<_> = (1..=300).map(|id| Conversation::of(chat(id))).collect();
    let mut appends = Vec::new();
    for (number, talk) in talks.iter_mut().enumerate() {
        appends.extend((0..=number % 3).map(|_| talk.message("ana", "x")));
    }
    store.append(appends).await.unwrap();
    let asked: Vec<ChatId> = (1..=301).rev().map(chat).collect();
    let heads = store.heads(&asked).await.unwrap();
    assert_eq!(heads.len(), asked.len());
    assert_eq!(heads[0], None, "nothing was ever said in chat 301");
    for (talk, head) in talks.iter().rev().zip(&heads[1..]) {
        assert_eq!(head.as_ref().unwrap().seq, talk.head());
    }
    assert!(store.heads(&[]).await.unwrap().is_empty());
}

pub async fn a_head_may_be_any_kind_of_event<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let mut talk = Conversation::of(chat(1));
    let message = talk.message("ana", "one");
    let term = talk.event("ana", RowBody::Term);
    store.append(vec![message, term.clone()]).await.unwrap();
    let heads = store.heads(&[chat(1)]).await.unwrap();
    assert_eq!(heads, [Some(term.row)]);
}

pub async fn chats_do_not_mix<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    // Neighbours, and ids that differ in one byte only.
    let ids = [0, 1, 2, 255, 256, 257, 1 << 22, u64::MAX >> 32];
    let mut appends = Vec::new();
    for id in ids {
        let mut talk = Conversation::of(chat(id));
        appends.extend((0..3).map(|_| talk.message("ana", &format!("in {id}"))));
    }
    store.append(appends).await.unwrap();
    for id in ids {
        let rows = store.read(chat(id), all()).await.unwrap();
        let wanted = format!("in {id}");
        assert_eq!(rows.len(), 3);
        assert!(
            rows.iter()
                .all(|row| row.message().unwrap().content == wanted)
        );
    }
}

pub async fn an_unknown_chat_reads_as_empty<E: MessageStoreEngine>(engine: E) {
    let store = engine.message_store();
    let append = Conversation::of(chat(1)).message("ana", "x");
    store.append(vec![append]).await.unwrap();
    assert!(store.read(chat(2), all()).await.unwrap().is_empty());
    assert!(store.versions(chat(2), Seq(1)).await.unwrap().is_empty());
    assert!(store.reactors(chat(2), Seq(1), 9).await.unwrap().is_empty());
}
