//! An index in a directory, and messages to put into it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chinwag_backends::tantivy::{Options, TantivySearch};
use chinwag_core::{
    clock::ManualClock,
    ports::{IndexState, SearchDocument, SearchIndex},
};

/// How long anything may take before a test fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn options() -> Options {
    Options {
        min_free_bytes: 0,
        ..Options::default()
    }
}

/// Options with a clock that a test moves.
pub(crate) fn options_at(clock: &Arc<ManualClock>) -> Options {
    Options {
        clock: Arc::clone(clock) as _,
        ..options()
    }
}

/// Returns options for random steps.
pub(crate) fn random_options() -> Options {
    options()
}

pub(crate) fn open(directory: &Path) -> TantivySearch {
    TantivySearch::open(directory, options()).unwrap()
}

/// Opens a directory; where it has no index yet, one without messages is built.
pub(crate) async fn open_whole(directory: &Path, options: Options) -> TantivySearch {
    let index = TantivySearch::open(directory, options).unwrap();
    if index.state().await.unwrap() != IndexState::Whole {
        rebuild(&index, Vec::new()).await;
    }
    index
}

pub(crate) async fn rebuild(index: &dyn SearchIndex, documents: Vec<SearchDocument>) {
    let mut rebuild = index.rebuild().await.unwrap();
    rebuild.add(documents).await.unwrap();
    rebuild.finish().await.unwrap();
}

/// Waits until the index says that it must be built anew, and returns why.
pub(crate) async fn until_missing(index: &dyn SearchIndex) -> String {
    let missing = async {
        loop {
            if let IndexState::Missing(reason) = index.state().await.unwrap() {
                return reason;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, missing).await;
    found.expect("the damage is noticed")
}

/// The directory that holds the index right now.
pub(crate) fn generation(directory: &Path) -> PathBuf {
    let generations = generations(directory);
    assert_eq!(generations.len(), 1, "{generations:?}");
    generations[0].clone()
}

pub(crate) fn generations(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.is_dir()).collect()
}
