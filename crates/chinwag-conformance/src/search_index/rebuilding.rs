//! How an index is built anew while it is searched.

use chinwag_core::ports::{EngineError, IndexState, SearchRequest};

use super::{all_of, changing::changed, document, document_in, filled, find, request};
use crate::{SearchIndexEngine, chat};

pub async fn a_rebuild_is_searched_once_it_is_finished<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word", "word"]).await;
    index.upsert(vec![changed(2, 9, None)]).await.unwrap();
    let mut rebuild = index.rebuild().await.unwrap();
    // It begins from nothing: what was deleted before may be written by an older change.
    let documents = vec![document(2, "word"), document(3, "word")];
    rebuild.add(documents).await.unwrap();
    assert_eq!(find(&index, "word").await, [1]);
    rebuild.finish().await.unwrap();
    assert_eq!(find(&index, "word").await, [2, 3]);
    assert_eq!(index.state().await.unwrap(), IndexState::Whole);
    index.rebuild().await.unwrap().finish().await.unwrap();
    assert!(find(&index, "word").await.is_empty());
}

pub async fn what_changes_during_a_rebuild_holds_in_both<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word", "word", "word"]).await;
    let elsewhere = document_in(2, 1, "word");
    index.upsert(vec![elsewhere.clone()]).await.unwrap();
    let mut rebuild = index.rebuild().await.unwrap();
    let documents = vec![document(1, "word"), document(2, "word"), elsewhere];
    rebuild.add(documents).await.unwrap();
    let changes = vec![
        changed(1, 5, None),
        changed(2, 6, Some("other")),
        document(7, "word"),
    ];
    index.upsert(changes).await.unwrap();
    index.remove_chat(chat(2)).await.unwrap();
    rebuild.add(vec![document(3, "word")]).await.unwrap();
    let everywhere = SearchRequest {
        scope: all_of(&[1, 2]),
        ..request("word")
    };
    let shown = async || {
        let total = index.search(everywhere.clone()).await.unwrap().total;
        let words = find(&index, "word").await;
        (words, find(&index, "other").await, total)
    };
    let wanted = (vec![3, 7], vec![2], 2);
    assert_eq!(shown().await, wanted);
    rebuild.finish().await.unwrap();
    assert_eq!(shown().await, wanted);
}

pub async fn an_older_change_loses_during_a_rebuild_too<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &[]).await;
    let mut rebuild = index.rebuild().await.unwrap();
    // Changed, then read from the log as it was before.
    let newest = vec![changed(1, 9, Some("new")), changed(2, 9, None)];
    index.upsert(newest).await.unwrap();
    let older = vec![document(1, "old"), document(2, "old")];
    rebuild.add(older).await.unwrap();
    // Read from the log, then changed.
    let before = vec![document(3, "old"), document(4, "old")];
    rebuild.add(before).await.unwrap();
    let after = vec![changed(3, 9, Some("new")), changed(4, 9, None)];
    index.upsert(after).await.unwrap();
    // Read from the log as it is, then an older change once more.
    let newest = vec![changed(5, 9, Some("new")), changed(6, 9, None)];
    rebuild.add(newest).await.unwrap();
    let older = vec![document(5, "old"), document(6, "old")];
    index.upsert(older).await.unwrap();
    rebuild.finish().await.unwrap();
    assert_eq!(find(&index, "new").await, [1, 3, 5]);
    assert!(find(&index, "old").await.is_empty());
}

pub async fn a_message_added_twice_to_a_rebuild_is_found_once<E: SearchIndexEngine>(engine: E) {
    let index = engine.search_index();
    let mut rebuild = index.rebuild().await.unwrap();
    let twice = vec![document(1, "word"), document(1, "word")];
    rebuild.add(twice).await.unwrap();
    rebuild.add(vec![document(1, "word")]).await.unwrap();
    rebuild.add(vec![document(2, "word")]).await.unwrap();
    rebuild.finish().await.unwrap();
    assert_eq!(find(&index, "word").await, [1, 2]);
}

pub async fn a_rebuild_that_is_not_finished_leaves_nothing<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"]).await;
    for seq in 2..5 {
        let mut rebuild = index.rebuild().await.unwrap();
        rebuild.add(vec![document(seq, "word")]).await.unwrap();
        drop(rebuild);
        assert_eq!(find(&index, "word").await, [1]);
    }
    let mut rebuild = index.rebuild().await.unwrap();
    rebuild.add(vec![document(5, "word")]).await.unwrap();
    index.upsert(vec![document(6, "word")]).await.unwrap();
    drop((rebuild, index));
    let engine = engine.reopen().await;
    let index = engine.search_index();
    assert_eq!(find(&index, "word").await, [1, 6]);
    index.rebuild().await.unwrap().finish().await.unwrap();
    assert!(find(&index, "word").await.is_empty());
}

pub async fn one_rebuild_goes_on_at_a_time<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"]).await;
    let mut rebuild = index.rebuild().await.unwrap();
    let second = index.rebuild().await.map(drop);
    assert!(matches!(second, Err(EngineError::Unavailable(_))));
    rebuild.add(vec![document(2, "word")]).await.unwrap();
    rebuild.finish().await.unwrap();
    assert_eq!(find(&index, "word").await, [2]);
    assert!(index.rebuild().await.is_ok());
}

pub async fn a_finished_rebuild_is_there_after_reopening<E: SearchIndexEngine>(engine: E) {
    let index = filled(&engine, &["word"]).await;
    let mut rebuild = index.rebuild().await.unwrap();
    let documents = vec![document(2, "word"), changed(3, 4, None)];
    rebuild.add(documents).await.unwrap();
    rebuild.finish().await.unwrap();
    index.upsert(vec![document(5, "word")]).await.unwrap();
    drop(index);
    let engine = engine.reopen().await;
    let index = engine.search_index();
    assert_eq!(find(&index, "word").await, [2, 5]);
    index.upsert(vec![document(3, "word")]).await.unwrap();
    assert_eq!(find(&index, "word").await, [2, 5]);
}
