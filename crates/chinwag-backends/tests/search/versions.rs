//! Which index is there when a directory is opened.

use chinwag_core::ports::{EngineError, IndexState, SearchIndex};

use crate::{
    documents::{document, find, request},
    fixture::{generation, generations, open, open_whole, options, rebuild},
};

#[tokio::test]
async fn a_new_directory_must_be_built_before_it_is_searched() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(directory.path());
    assert!(matches!(
        index.state().await.unwrap(),
        IndexState::Missing(_)
    ));
    let searched = index.search(request("word")).await;
    assert!(matches!(searched, Err(EngineError::Unavailable(_))));
    let upserted = index.upsert(vec![document(1, "word")]).await;
    assert!(matches!(upserted, Err(EngineError::Unavailable(_))));
    // What comes while it is built is in it.
    let mut rebuild = index.rebuild().await.unwrap();
    index.upsert(vec![document(2, "word")]).await.unwrap();
    rebuild.add(vec![document(1, "word")]).await.unwrap();
    let searched = index.search(request("word")).await;
    assert!(matches!(searched, Err(EngineError::Unavailable(_))));
    rebuild.finish().await.unwrap();
    assert_eq!(find(&index, "word").await, [1, 2]);
}

#[tokio::test]
async fn an_index_of_another_version_is_built_anew() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_whole(directory.path(), options()).await;
    index.upsert(vec![document(1, "word")]).await.unwrap();
    drop(index);
    let current = directory.path().join("current");
    let text = std::fs::read_to_string(&current).unwrap();
    assert!(text.contains("analysis 1,"), "{text}");
    std::fs::write(&current, text.replace("analysis 1,", "analysis 0,")).unwrap();

    let index = open(directory.path());
    let state = index.state().await.unwrap();
    let IndexState::Missing(reason) = state else {
        panic!("{state:?}");
    };
    assert!(reason.contains("another version"), "{reason}");
    assert!(generations(directory.path()).is_empty(), "it leaves room");
    rebuild(&index, vec![document(2, "word")]).await;
    drop(index);
    let index = open(directory.path());
    assert_eq!(find(&index, "word").await, [2]);
}

#[tokio::test]
async fn a_rebuild_cut_short_leaves_the_old_index_alone() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_whole(directory.path(), options()).await;
    index.upsert(vec![document(1, "word")]).await.unwrap();
    let old = generation(directory.path());
    let mut rebuild = index.rebuild().await.unwrap();
    rebuild.add(vec![document(2, "word")]).await.unwrap();
    index.upsert(vec![document(3, "word")]).await.unwrap();
    // As a kill leaves it: both are there, and only the old one has a name.
    let killed = tempfile::tempdir().unwrap();
    let status = std::process::Command::new("cp")
        .arg("-r")
        .arg(directory.path().join("."))
        .arg(killed.path())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(generations(killed.path()).len(), 2);
    let index = open(killed.path());
    assert_eq!(find(&index, "word").await, [1, 3]);
    assert_eq!(generation(killed.path()).file_name(), old.file_name());
}

#[tokio::test]
async fn a_finished_rebuild_removes_the_old_index() {
    let directory = tempfile::tempdir().unwrap();
    let index = open_whole(directory.path(), options()).await;
    let old = generation(directory.path());
    rebuild(&index, vec![document(2, "word")]).await;
    assert_ne!(generation(directory.path()), old);
    assert_eq!(find(&index, "word").await, [2]);
}

#[tokio::test]
async fn a_forgotten_index_goes_on_and_is_built_anew_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    chinwag_backends::tantivy::TantivySearch::forget(&directory.path().join("absent")).unwrap();
    let index = open_whole(directory.path(), options()).await;
    index.upsert(vec![document(1, "word")]).await.unwrap();
    chinwag_backends::tantivy::TantivySearch::forget(directory.path()).unwrap();
    index.upsert(vec![document(2, "word")]).await.unwrap();
    assert_eq!(find(&index, "word").await, [1, 2]);
    drop(index);
    let index = open(directory.path());
    assert!(matches!(
        index.state().await.unwrap(),
        IndexState::Missing(_)
    ));
}
