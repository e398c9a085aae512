//! The index while its engine is away: nothing hangs, everything says that it may be tried again, and nothing that was
//! written is lost.

use std::time::Duration;

use chinwag_backends::opensearch::{OpenSearch, Options};
use chinwag_conformance::run;
use chinwag_core::ports::{EngineError, EngineResult, SearchIndex};
use futures_util::future::join_all;

use crate::{
    documents::{deleted, document, find, request},
    fixture::shared,
    node::Node,
};

async fn rebuild(index: &OpenSearch) {
    index.rebuild().await.unwrap().finish().await.unwrap();
}

fn assert_away<T: std::fmt::Debug>(answer: EngineResult<T>) {
    assert!(
        matches!(answer, Err(EngineError::Unavailable(_))),
        "{answer:?}"
    );
}

/// Tries until it works, as whoever is told to try again does.
async fn until_written(index: &OpenSearch, seq: u64, content: &str) {
    while let Err(error) = index.upsert(vec![document(seq, content)]).await {
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn until_searched(index: &OpenSearch) {
    while let Err(error) = index.search(request("word")).await {
        assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn an_engine_that_is_frozen_hangs_nobody_and_comes_back() {
    run(async {
        let node = Node::start();
        let index = node.connect(&node.options()).await;
        rebuild(&index).await;
        index.upsert(vec![document(1, "word")]).await.unwrap();

        node.process.freeze();
        // The first ones find out; those that follow know.
        for _ in 0..2 {
            let searches = (0..50).map(|_| index.search(request("word")));
            join_all(searches).await.into_iter().for_each(assert_away);
        }
        assert_away(index.upsert(vec![document(2, "word")]).await);
        assert_away(index.remove_chat(chinwag_conformance::chat(9)).await);
        assert_away(index.state().await);
        assert_away(index.rebuild().await.map(drop));

        node.process.thaw();
        until_searched(&index).await;
        until_written(&index, 2, "word").await;
        assert_eq!(find(&*index, "word").await, [1, 2]);
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn an_engine_that_is_killed_and_comes_back_has_lost_nothing_that_was_written() {
    run(async {
        let mut node = Node::start();
        let index = node.connect(&node.options()).await;
        rebuild(&index).await;
        let words = (1..=20).map(|seq| document(seq, "word"));
        index.upsert(words.collect()).await.unwrap();
        index.upsert(vec![deleted(3, 30)]).await.unwrap();

        node.process.kill();
        assert_away(index.search(request("word")).await);
        assert_away(index.upsert(vec![document(21, "word")]).await);

        node.start_again();
        until_written(&index, 21, "word").await;
        // What comes again brings no deleted text back.
        until_written(&index, 3, "word").await;
        let wanted: Vec<u64> = (1..=21).filter(|seq| *seq != 3).collect();
        assert_eq!(find(&*index, "word").await, wanted);
    });
}

#[test]
#[ignore = "needs an OpenSearch: make conformance"]
fn another_node_is_asked_where_one_cannot_be_reached() {
    run(async {
        // Nobody listens on the port of the discard service.
        let mut options = shared();
        options.urls.insert(0, "http://127.0.0.1:9".into());
        for urls in [
            options.urls.clone(),
            options.urls.iter().rev().cloned().collect(),
        ] {
            let options = Options {
                urls,
                ..options.clone()
            };
            let index = OpenSearch::connect(options).await.unwrap();
            rebuild(&index).await;
            for seq in 1..=4 {
                index.upsert(vec![document(seq, "word")]).await.unwrap();
                assert_eq!(find(&index, "word").await.len() as u64, seq);
            }
        }
    });
}
