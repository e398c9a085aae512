//! Redis is away, comes back empty, or loses what it should carry: live delivery between nodes pauses, nothing else does,
//! and clients get what they missed.

use std::time::Duration;

use crate::{
    engines::Engine, fixture::lasting, lossy::Lossy, place::Engines, reading::until, site::Site,
};

/// Longer than every time-out of a command, and than the 2 s after which a loss is found.
const AWAY: Duration = Duration::from_secs(8);

/// Shares every engine but the Redis.
fn on(redis: &str) -> Engines {
    Engines {
        redis: redis.to_owned(),
        ..Engines::new()
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_redis_that_stands_still_stops_no_sending_and_all_hear_everything_after() {
    let redis = Engine::redis().await;
    let mut site = Site::start(on(&redis.address), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    redis.process.freeze();
    site.load.more(50).await;
    lasting(Duration::from_secs(30), AWAY).await;
    site.load.more(50).await;
    let asked = asking.stop().await;
    assert_eq!(asked.errors, 0, "nothing that is asked needs a Redis");
    redis.process.thaw();
    site.load.more(50).await;
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_redis_that_dies_and_comes_back_empty_is_told_again_where_everybody_is() {
    let mut redis = Engine::redis().await;
    let mut site = Site::start(on(&redis.address), 2).await;
    site.chat();
    site.load.more(50).await;
    let asking = site.ask(&[0, 1]);
    redis.process.kill();
    site.load.more(50).await;
    lasting(Duration::from_secs(30), AWAY).await;
    redis.start_again().await;
    assert_eq!(asking.stop().await.errors, 0);
    site.load.more(50).await;
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn connections_of_the_bus_that_are_cut_under_load_cost_nobody_a_message() {
    let redis = Engine::redis().await;
    let mut site = Site::start(on(&redis.address), 2).await;
    site.chat();
    for _ in 0..5 {
        site.load.more(40).await;
        // A cut may come while they connect again after the one before.
        let is_cut = async || redis.redis_cli("CLIENT KILL TYPE pubsub") != "0";
        until("the nodes listen", is_cut).await;
    }
    site.load.more(40).await;
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn one_in_a_hundred_messages_of_the_bus_is_lost_and_everybody_shows_all() {
    lossy(100, 600).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn one_in_ten_messages_of_the_bus_is_lost_and_everybody_shows_all() {
    lossy(10, 200).await;
}

/// Loses one in so many messages, also the last one of the day, until so many changes were made.
async fn lossy(one_in: u64, changes: usize) {
    let redis = Engine::redis().await;
    let lossy = Lossy::before(&redis.address).await;
    let mut site = Site::start(on(&lossy.address.to_string()), 2).await;
    lossy.lose_one_in(one_in);
    site.chat();
    site.load.more(changes).await;
    site.finish().await;
    assert!(lossy.lost() > 2, "{} messages were lost", lossy.lost());
}
