//! OpenSearch is away: chat goes on as if it were there, and search gets everything after.

use std::time::Duration;

use crate::{fixture::lasting, place::Engines, search_engine::SearchEngine, site::Site};

/// Longer than every time-out of a request, and than several tries of the indexer.
const AWAY: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn an_opensearch_that_stands_still_stops_no_sending_and_search_gets_everything_after() {
    let engine = SearchEngine::start().await;
    let mut site = Site::start(Engines::new().searching(&engine.url()), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    engine.freeze();
    lasting(Duration::from_secs(60), AWAY).await;
    site.load.more(50).await;
    engine.thaw();
    let asked = asking.stop().await;
    assert_eq!(asked.errors, 0, "nothing that is asked needs an OpenSearch");
    assert!(asked.answers > 0);
    site.load.more(50).await;
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn an_opensearch_that_dies_and_comes_back_with_what_it_had_gets_everything_else_after() {
    let mut engine = SearchEngine::start().await;
    let mut site = Site::start(Engines::new().searching(&engine.url()), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    engine.kill();
    lasting(Duration::from_secs(60), AWAY).await;
    site.load.more(50).await;
    assert_eq!(asking.stop().await.errors, 0);
    engine.start_again().await;
    site.load.more(50).await;
    site.finish().await;
}
