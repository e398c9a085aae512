//! What stays open and on disk when nothing happens.

use std::sync::Arc;

use ::tantivy::{Index, IndexWriter, TantivyError};
use chinwag_core::{
    clock::ManualClock,
    ports::{EngineError, SearchIndex},
};
use chinwag_proto::Timestamp;

use crate::{
    documents::{deleted, document, find},
    fixture::{PATIENCE, generation, open_whole, options, options_at},
};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(Timestamp::from_unix_millis(
        1_700_000_000_000,
    )))
}

#[tokio::test]
async fn an_index_that_rests_holds_no_writer() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    let index = open_whole(directory.path(), options_at(&clock)).await;
    let writer = || {
        let files = Index::open_in_dir(generation(directory.path())).unwrap();
        let writer: Result<IndexWriter, TantivyError> =
            files.writer_with_num_threads(1, 15_000_000);
        writer.map(drop)
    };
    writer().unwrap();
    index.upsert(vec![document(1, "word")]).await.unwrap();
    assert!(matches!(writer(), Err(TantivyError::LockFailure(..))));
    clock.advance(10_000);
    // Anything lets it look at the clock.
    index.upsert(Vec::new()).await.unwrap();
    let rested = async {
        while writer().is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, rested).await.unwrap();
    index.upsert(vec![document(2, "word")]).await.unwrap();
    assert_eq!(find(&index, "word").await, [1, 2]);
}

/// Returns the words that any file of the index still holds.
fn words(directory: &std::path::Path) -> Vec<String> {
    let files = Index::open_in_dir(generation(directory)).unwrap();
    let content = files.schema().get_field("content").unwrap();
    let mut words = Vec::new();
    for segment in files.reader().unwrap().searcher().segment_readers() {
        let index = segment.inverted_index(content).unwrap();
        let mut terms = index.terms().stream().unwrap();
        while terms.advance() {
            words.push(String::from_utf8(terms.key().to_vec()).unwrap());
        }
    }
    words.sort();
    words
}

#[tokio::test]
async fn deleted_text_is_found_no_more_at_once_and_leaves_the_files_within_a_day() {
    let directory = tempfile::tempdir().unwrap();
    let clock = clock();
    let index = open_whole(directory.path(), options_at(&clock)).await;
    let many = (1..=100).map(|seq| document(seq, "many")).collect();
    index.upsert(many).await.unwrap();
    let secret = (101..=102).map(|seq| document(seq, "secret")).collect();
    index.upsert(secret).await.unwrap();
    index.upsert(vec![deleted(101, 200)]).await.unwrap();
    index
        .upsert(vec![chinwag_core::ports::SearchDocument {
            change_seq: chinwag_proto::Seq(201),
            ..document(102, "edited")
        }])
        .await
        .unwrap();
    assert!(find(&index, "secret").await.is_empty());
    clock.advance(DAY_MS - 60_000);
    // How long it has been is known after a restart too.
    drop(index);
    let index = open_whole(directory.path(), options_at(&clock)).await;
    index.upsert(vec![document(103, "late")]).await.unwrap();
    clock.advance(60_000);
    index.upsert(Vec::new()).await.unwrap();
    let gone = async {
        while words(directory.path()) != ["edited", "late", "many"] {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
    assert_eq!(find(&index, "many").await.len(), 100);
    assert_eq!(find(&index, "edited").await, [102]);
    index.upsert(vec![document(101, "secret")]).await.unwrap();
    assert!(find(&index, "secret").await.is_empty(), "it comes back");
}

#[tokio::test]
async fn a_nearly_full_disk_refuses_and_heals() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_whole(directory.path(), options()).await;
    index.upsert(vec![document(1, "word")]).await.unwrap();
    drop(index);
    let full = chinwag_backends::tantivy::Options {
        min_free_bytes: u64::MAX,
        ..options()
    };
    let index = open_whole(directory.path(), full).await;
    let refused = index.upsert(vec![document(2, "word")]).await;
    assert!(matches!(refused, Err(EngineError::Full(_))));
    let refused = index.rebuild().await.map(drop);
    assert!(matches!(refused, Err(EngineError::Full(_))));
    assert_eq!(find(&index, "word").await, [1]);
    drop(index);
    let index = open_whole(directory.path(), options()).await;
    index.upsert(vec![document(2, "word")]).await.unwrap();
    assert_eq!(find(&index, "word").await, [1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_small_commits_become_few_segments() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_whole(directory.path(), options()).await;
    for seq in 1..=60 {
        index.upsert(vec![document(seq, "word")]).await.unwrap();
    }
    let segments = || {
        let files = Index::open_in_dir(generation(directory.path())).unwrap();
        files.searchable_segment_ids().unwrap().len()
    };
    let merged = async {
        while segments() >= 8 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, merged).await.unwrap();
    assert_eq!(find(&index, "word").await.len(), 60);
}
