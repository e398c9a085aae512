//! Cassandra is away: what is asked gets an error that says "try again", soon, and all goes on by itself after.

use std::time::Duration;

use crate::{engines::Engine, fixture::lasting, place::Engines, site::Site};

/// Longer than its time-outs, a lease (7 s), and the silence after which another node's would be closed (10 s).
const AWAY: Duration = Duration::from_secs(14);

/// Shares every engine but the Cassandra.
fn on(cassandra: &Engine) -> Engines {
    Engines {
        cassandra: cassandra.address.clone(),
        ..Engines::new()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_cassandra_that_stands_still_is_answered_for_in_time_and_all_goes_on_after() {
    let cassandra = Engine::cassandra().await;
    let mut site = Site::start(on(&cassandra), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    cassandra.process.freeze();
    lasting(Duration::from_secs(30), AWAY).await;
    cassandra.process.thaw();
    site.load.more(50).await;
    let asked = asking.stop().await;
    assert!(asked.errors > 0 && asked.answers > 0, "{asked:?}");
    for place in &site.places {
        let told = place.told();
        assert!(
            !told.contains("starts anew"),
            "nobody loses a lease: {told}"
        );
    }
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_cassandra_that_dies_and_comes_back_is_answered_for_in_time_and_all_goes_on_after() {
    let mut cassandra = Engine::cassandra().await;
    let mut site = Site::start(on(&cassandra), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    cassandra.process.kill();
    lasting(Duration::from_secs(30), AWAY).await;
    cassandra.start_again().await;
    site.load.more(50).await;
    let asked = asking.stop().await;
    assert!(asked.errors > 0 && asked.answers > 0, "{asked:?}");
    for place in &site.places {
        let told = place.told();
        assert!(
            !told.contains("starts anew"),
            "nobody loses a lease: {told}"
        );
    }
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn one_of_three_cassandras_is_killed_under_load_and_nobody_is_told() {
    let mut ring = Engine::cassandra_ring().await;
    let engines = Engines {
        replication: 3,
        ..on(&ring[0])
    };
    let mut site = Site::start(engines, 2).await;
    site.chat();
    site.load.more(50).await;
    ring[2].process.kill();
    site.load.more(100).await;
    lasting(Duration::from_secs(30), AWAY).await;
    let asking = site.ask(&[0, 1]);
    site.load.more(50).await;
    assert_eq!(asking.stop().await.errors, 0, "two of three are a quorum");
    ring[2].start_again().await;
    site.load.more(50).await;
    site.finish().await;
}
