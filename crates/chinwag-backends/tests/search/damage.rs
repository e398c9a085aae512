//! Damaged files: what is found is right, or the index says that it must be built anew. Never a wrong answer for long,
//! and never a crash.

use std::{
    fs,
    path::{Path, PathBuf},
};

use chinwag_core::ports::{IndexState, SearchIndex};
use tempfile::TempDir;

use crate::{
    documents::{deleted, document, find},
    fixture::{generation, open, open_whole, options, rebuild, until_missing},
};

/// An index with two segments, one of them with deletions.
async fn filled() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let index = open_whole(directory.path(), options()).await;
    let first = (1..=300).map(|seq| document(seq, &format!("word number{seq}")));
    index.upsert(first.collect()).await.unwrap();
    let second = (301..=400).map(|seq| document(seq, &format!("word number{seq}")));
    index.upsert(second.collect()).await.unwrap();
    index.upsert(vec![deleted(5, 900)]).await.unwrap();
    directory
}

fn expected() -> Vec<u64> {
    (1..=400).filter(|seq| *seq != 5).collect()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(generation(directory)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Segment files have checksums; tantivy's lists have none.
fn has_checksum(file: &Path) -> bool {
    let extension = file.extension().and_then(|extension| extension.to_str());
    matches!(
        extension,
        Some("idx" | "pos" | "term" | "fast" | "store" | "fieldnorm" | "del")
    )
}

/// Opens what is damaged, waits until that is noticed, and builds it anew.
async fn assert_noticed(directory: &Path, what: &str) {
    let index = open(directory);
    let reason = until_missing(&index).await;
    assert!(reason.contains("damaged"), "{what}: {reason}");
    let documents = expected()
        .into_iter()
        .map(|seq| document(seq, "word"))
        .collect();
    rebuild(&index, documents).await;
    assert_eq!(find(&index, "word").await, expected(), "{what}");
    drop(index);
    let index = open(directory);
    assert_eq!(find(&index, "word").await, expected(), "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_shortened_file_is_noticed() {
    let count = files(filled().await.path()).len();
    let mut tried = 0;
    for number in 0..count {
        for shortened in [false, true] {
            let directory = filled().await;
            let file = files(directory.path()).swap_remove(number);
            if !has_checksum(&file) && !file.ends_with("meta.json") {
                continue;
            }
            let length = file.metadata().unwrap().len();
            if shortened {
                let file = fs::OpenOptions::new().write(true).open(&file).unwrap();
                file.set_len(length / 2).unwrap();
            } else {
                fs::remove_file(&file).unwrap();
            }
            assert_noticed(directory.path(), &format!("{}", file.display())).await;
            tried += 1;
        }
    }
    assert!(tried > 20, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_in_any_file_with_a_checksum_is_noticed() {
    let count = files(filled().await.path()).len();
    let mut tried = 0;
    for number in 0..count {
        let directory = filled().await;
        let file = files(directory.path()).swap_remove(number);
        if !has_checksum(&file) {
            continue;
        }
        let mut bytes = fs::read(&file).unwrap();
        // Within the contents: a footer of at least a hundred bytes follows, which is read at once.
        let place = bytes.len().saturating_sub(100) / 2;
        bytes[place] ^= 0x10;
        fs::write(&file, bytes).unwrap();
        assert_noticed(directory.path(), &format!("{}", file.display())).await;
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_in_the_list_of_segments_gives_no_wrong_answer() {
    let directory = filled().await;
    let list = generation(directory.path()).join("meta.json");
    let whole = fs::read(&list).unwrap();
    drop(directory);
    for place in (0..whole.len()).step_by(whole.len() / 60) {
        let directory = filled().await;
        let list = generation(directory.path()).join("meta.json");
        let mut bytes = fs::read(&list).unwrap();
        let place = place.min(bytes.len() - 1);
        bytes[place] ^= 1;
        fs::write(&list, bytes).unwrap();
        let index = open(directory.path());
        match index.state().await.unwrap() {
            IndexState::Missing(reason) => assert!(reason.contains("damaged"), "{reason}"),
            IndexState::Whole => assert_eq!(find(&index, "word").await, expected(), "byte {place}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_leads_nowhere_is_noticed() {
    for text in ["", "\n", "search", "\u{0}\u{1}"] {
        let directory = filled().await;
        fs::write(directory.path().join("current"), text).unwrap();
        let index = open(directory.path());
        let state = index.state().await.unwrap();
        assert!(matches!(state, IndexState::Missing(_)), "{text:?}");
    }
    let directory = filled().await;
    fs::remove_dir_all(generation(directory.path())).unwrap();
    let index = open(directory.path());
    until_missing(&index).await;
    rebuild(&index, vec![document(1, "word")]).await;
    assert_eq!(find(&index, "word").await, [1]);
}
