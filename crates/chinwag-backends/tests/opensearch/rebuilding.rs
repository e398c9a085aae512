//! Rebuilds in a cluster: other nodes write meanwhile, begin their own, and die in the middle of one.

use std::{sync::Arc, time::Duration};

use chinwag_backends::opensearch::Options;
use chinwag_conformance::{chat, run};
use chinwag_core::ports::{EngineError, IndexState, Rebuild, SearchDocument, SearchIndex};
use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};

use crate::{
    documents::{deleted, document, find},
    fixture::{connect, connect_whole, indices, set_index, shared},
};

/// Options by which a node soon counts as dead.
fn hasty() -> Options {
    Options {
        abandoned_after: Duration::from_secs(2),
        ..shared()
    }
}

/// A node whose tasks run only while something is waited for here.
struct Other {
    runtime: Runtime,
    rebuild: Option<Box<dyn Rebuild>>,
}

impl Other {
    /// Starts one that rebuilds; from then on it is as if frozen.
    fn rebuilding(options: &Options) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let rebuild = runtime.block_on(async {
            let index = connect(options).await;
            let mut rebuild = index.rebuild().await.unwrap();
            rebuild.add(vec![document(7, "other")]).await.unwrap();
            rebuild
        });
        Self {
            runtime,
            rebuild: Some(rebuild),
        }
    }

    /// Lets it go on, to the end of its rebuild.
    fn finish(mut self) -> Result<(), EngineError> {
        let rebuild = self.rebuild.take().unwrap();
        self.runtime.block_on(rebuild.finish())
    }

    /// Ends it as kill -9 does: it clears nothing away.
    fn die(mut self) {
        std::mem::forget(self.rebuild.take());
    }
}

/// Does something where no runtime is.
async fn elsewhere<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn no_search_fails_while_one_index_takes_the_place_of_another() {
    run(async {
        let options = shared();
        let index = connect_whole(&options).await;
        index.upsert(vec![document(1, "word")]).await.unwrap();
        let searching = (0..4).map(|_| {
            let index = Arc::clone(&index);
            tokio::spawn(async move {
                for _ in 0.. {
                    assert_eq!(find(&*index, "word").await, [1]);
                }
            })
        });
        let searching: Vec<_> = searching.collect();
        for _ in 0..8 {
            let mut rebuild = index.rebuild().await.unwrap();
            rebuild.add(vec![document(1, "word")]).await.unwrap();
            rebuild.finish().await.unwrap();
        }
        for one in searching {
            assert!(!one.is_finished(), "no search failed");
            one.abort();
        }
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn what_other_nodes_write_during_a_rebuild_is_in_it() {
    run(async {
        let options = shared();
        let one = connect_whole(&options).await;
        let other = connect(&options).await;
        let documents = vec![document(1, "word"), document(2, "word")];
        one.upsert(documents.clone()).await.unwrap();
        let mut rebuild = one.rebuild().await.unwrap();
        other
            .upsert(vec![document(3, "word"), deleted(1, 9)])
            .await
            .unwrap();
        rebuild.add(documents).await.unwrap();
        rebuild.finish().await.unwrap();
        for index in [&one, &other] {
            assert_eq!(find(&**index, "word").await, [2, 3]);
        }
        other.remove_chat(chat(1)).await.unwrap();
        for index in [&one, &other] {
            assert_eq!(find(&**index, "word").await, [] as [u64; 0]);
        }
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn two_nodes_rebuild_one_after_the_other() {
    run(async {
        let options = hasty();
        let (one, other) = (connect(&options).await, connect(&options).await);
        let rebuild = one.rebuild().await.unwrap();
        let second = other.rebuild().await.map(drop);
        assert!(
            matches!(second, Err(EngineError::Unavailable(_))),
            "{second:?}"
        );
        // One that waits for the other's end begins none of its own.
        let waiting = tokio::spawn({
            let other = Arc::clone(&other);
            async move { other.rebuild().await.map(drop) }
        });
        tokio::time::sleep(Duration::from_millis(200)).await;
        rebuild.finish().await.unwrap();
        assert!(waiting.await.unwrap().is_err());
        assert_eq!(other.state().await.unwrap(), IndexState::Whole);
        other.rebuild().await.unwrap().finish().await.unwrap();
        assert_eq!(indices(&options).await, 1);
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn a_rebuild_whose_node_died_is_begun_anew_by_another() {
    run(async {
        let options = hasty();
        let index = connect_whole(&options).await;
        let dying = options.clone();
        elsewhere(move || Other::rebuilding(&dying).die()).await;
        assert_eq!(indices(&options).await, 2);
        let mut rebuild = index.rebuild().await.unwrap();
        rebuild.add(vec![document(1, "word")]).await.unwrap();
        rebuild.finish().await.unwrap();
        assert_eq!(indices(&options).await, 1);
        assert_eq!(find(&*index, "word").await, [1]);
        assert_eq!(find(&*index, "other").await, [] as [u64; 0]);
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn what_a_node_that_died_left_is_cleared_away_and_what_lives_is_not() {
    run(async {
        let options = hasty();
        let index = connect_whole(&options).await;
        let living = connect(&options).await;
        let rebuild = living.rebuild().await.unwrap();
        for _ in 0..25 {
            assert_eq!(index.state().await.unwrap(), IndexState::Whole);
            tokio::time::sleep(options.abandoned_after / 10).await;
        }
        rebuild.finish().await.unwrap();
        let dying = options.clone();
        elsewhere(move || Other::rebuilding(&dying).die()).await;
        while indices(&options).await > 1 {
            assert_eq!(index.state().await.unwrap(), IndexState::Whole);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        index.upsert(vec![document(1, "word")]).await.unwrap();
        assert_eq!(find(&*index, "word").await, [1]);
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn a_node_that_was_frozen_in_a_rebuild_finishes_nothing_after_another_took_over() {
    run(async {
        let options = hasty();
        let index = connect_whole(&options).await;
        let freezing = options.clone();
        let frozen = elsewhere(move || Other::rebuilding(&freezing)).await;
        let mut rebuild = index.rebuild().await.unwrap();
        let thawed = elsewhere(move || frozen.finish()).await;
        assert!(
            matches!(thawed, Err(EngineError::Unavailable(_))),
            "{thawed:?}"
        );
        rebuild.add(vec![document(1, "word")]).await.unwrap();
        rebuild.finish().await.unwrap();
        assert_eq!(find(&*index, "word").await, [1]);
        assert_eq!(find(&*index, "other").await, [] as [u64; 0]);
        assert_eq!(indices(&options).await, 1);
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn what_is_written_while_rebuilds_are_finished_is_found() {
    run(async {
        let options = shared();
        let (one, other) = (connect_whole(&options).await, connect(&options).await);
        let log = Arc::new(Mutex::new(Vec::<SearchDocument>::new()));
        let writing = tokio::spawn({
            let log = Arc::clone(&log);
            async move {
                for seq in 1..=150 {
                    let said = document(seq, "word");
                    log.lock().push(said.clone());
                    one.upsert(vec![said]).await.unwrap();
                }
            }
        });
        while !writing.is_finished() {
            let mut rebuild = other.rebuild().await.unwrap();
            let read = log.lock().clone();
            rebuild.add(read).await.unwrap();
            rebuild.finish().await.unwrap();
        }
        writing.await.unwrap();
        assert_eq!(find(&*other, "word").await, (1..=150).collect::<Vec<_>>());
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn deleted_text_stays_away_when_the_engine_has_forgotten_its_deletions() {
    run(async {
        let options = shared();
        let index = connect_whole(&options).await;
        set_index(&options, "gc_deletes", "0s").await;
        for seq in 1..=5 {
            index.upsert(vec![document(seq, "word")]).await.unwrap();
            index.upsert(vec![deleted(seq, seq + 10)]).await.unwrap();
            index
                .upsert(vec![document(20 + seq, "other")])
                .await
                .unwrap();
            index.upsert(vec![document(seq, "word")]).await.unwrap();
        }
        assert_eq!(find(&*index, "word").await, [] as [u64; 0]);
    });
}
