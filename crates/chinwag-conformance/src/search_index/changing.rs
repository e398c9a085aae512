//! How messages come into the index and out of it.

use chinwag_core::ports::{SearchDocument, SearchRequest};
use chinwag_proto::Seq;

use super::{all_of, document, document_in, filled, find, request};
use crate::SearchIndexEngine;

/// The message at a place as an edit (or, without content, a deletion) at a later place left it.
pub(super) fn changed(seq: u64, by: u64, content: Option<&str>) -> SearchDocument {
    SearchDocument {
        content: content.map(Into::into),
        change_seq: Seq(by),
        ..document(seq, "")
    }
}

pub async fn an_upserted_message_is_found_at_once<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    for seq in 1..=20 {
        index.upsert(vec![document(seq, "word")]).await.unwrap();
        assert_eq!(find(&index, "word").await.len() as u64, seq);
    }
    let page = index.search(request("word")).await.unwrap();
    let hit = &page.hits[0];
    let newest = document(20, "word");
    assert_eq!(
        (hit.id, hit.chat, hit.seq),
        (newest.id, newest.chat, newest.seq)
    );
    index.upsert(Vec::new()).await.unwrap();
}

pub async fn an_edited_message_is_found_by_its_new_words_alone<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["before", "other"]).await;
    let edited = changed(1, 3, Some("after"));
    index.upsert(vec![edited]).await.unwrap();
    assert!(find(&index, "before").await.is_empty());
    assert_eq!(find(&index, "after").await, [1]);
    assert_eq!(find(&index, "other").await, [2]);
}

pub async fn an_older_change_loses<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["first"]).await;
    for change in [
        changed(1, 9, Some("newest")),
        changed(1, 5, Some("older")),
        document(1, "first"),
    ] {
        index.upsert(vec![change]).await.unwrap();
        assert_eq!(find(&index, "newest").await, [1]);
    }
    assert!(find(&index, "first").await.is_empty());
    assert!(find(&index, "older").await.is_empty());
}

pub async fn the_same_document_again_changes_nothing<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"]).await;
    for _ in 0..3 {
        let twice = vec![document(1, "word"), document(1, "word")];
        index.upsert(twice).await.unwrap();
        assert_eq!(find(&index, "word").await, [1]);
    }
}

pub async fn a_deleted_message_is_found_no_more<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word", "word"]).await;
    index.upsert(vec![changed(1, 3, None)]).await.unwrap();
    assert_eq!(find(&index, "word").await, [2]);
    // One that was never there.
    index.upsert(vec![changed(7, 8, None)]).await.unwrap();
    assert_eq!(find(&index, "word").await, [2]);
}

pub async fn an_older_change_brings_no_deleted_message_back<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"]).await;
    index.upsert(vec![changed(1, 9, None)]).await.unwrap();
    let older = changed(1, 5, Some("word"));
    index
        .upsert(vec![document(1, "word"), older])
        .await
        .unwrap();
    assert!(find(&index, "word").await.is_empty());
}

pub async fn of_two_changes_in_one_call_the_newer_holds<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let rising = vec![document(1, "one"), changed(1, 3, Some("two"))];
    let falling = vec![changed(2, 4, Some("two")), document(2, "one")];
    index.upsert([rising, falling].concat()).await.unwrap();
    assert_eq!(find(&index, "two").await, [1, 2]);
    assert!(find(&index, "one").await.is_empty());
}

pub async fn removing_a_chat_leaves_the_others<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let documents = [1, 2, 256].map(|id| document_in(id, 1, "word"));
    index.upsert(documents.into()).await.unwrap();
    for _ in 0..2 {
        index.remove_chat(crate::chat(1)).await.unwrap();
    }
    let everywhere = SearchRequest {
        scope: all_of(&[1, 2, 256]),
        ..request("word")
    };
    let page = index.search(everywhere).await.unwrap();
    let chats: Vec<_> = page.hits.iter().map(|hit| hit.chat.0).collect();
    assert_eq!((chats, page.total), (vec![256, 2], 2));
}

pub async fn what_was_upserted_is_there_after_reopening<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word", "word", "word"]).await;
    index.upsert(vec![changed(2, 4, None)]).await.unwrap();
    drop(index);
    let engine = engine.reopen().await;
    let index = engine.search_index();
    assert_eq!(find(&index, "word").await, [1, 3]);
    index.upsert(vec![document(2, "word")]).await.unwrap();
    assert_eq!(find(&index, "word").await, [1, 3]);
}
