//! Kafka is away: sending goes on, and fan-out of large groups, search and push get everything after.

use std::time::Duration;

use crate::{engines::Engine, fixture::lasting, place::Engines, site::Site};

/// Longer than `kafka.timeout` and the groups' sessions.
const AWAY: Duration = Duration::from_secs(15);

/// Shares every engine but the Kafka.
fn on(kafka: &Engine) -> Engines {
    Engines {
        kafka: kafka.address.clone(),
        ..Engines::new()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_kafka_that_stands_still_stops_no_sending_and_search_and_push_get_everything_after() {
    let kafka = Engine::kafka().await;
    let mut site = Site::start(on(&kafka), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    kafka.process.freeze();
    lasting(Duration::from_secs(30), AWAY).await;
    let asked = asking.stop().await;
    assert_eq!(asked.errors, 0, "nothing that is asked needs a Kafka");
    assert!(asked.answers > 0);
    kafka.process.thaw();
    site.load.more(50).await;
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_kafka_that_dies_and_comes_back_with_what_it_had_gets_everything_else_after() {
    let mut kafka = Engine::kafka().await;
    let mut site = Site::start(on(&kafka), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    kafka.process.kill();
    lasting(Duration::from_secs(30), AWAY).await;
    kafka.start_again().await;
    assert_eq!(asking.stop().await.errors, 0);
    site.load.more(50).await;
    site.finish().await;
}
