//! A node's clock is wrong by minutes.

use crate::{
    place::{Engines, Place},
    reading::until,
    site::Site,
};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_node_whose_clock_is_five_minutes_fast_breaks_no_promise() {
    off_by("300000").await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_node_whose_clock_is_five_minutes_slow_breaks_no_promise() {
    off_by("-300000").await;
}

/// Shifts the clock of one of three nodes; chats go from it to the others and back.
async fn off_by(offset_ms: &str) {
    let prepare = |node, place: &mut Place| {
        if node == 1 {
            place
                .arguments
                .push(format!("--clock-off-by-ms={offset_ms}"));
        }
    };
    let mut site = Site::start_with(Engines::new(), 3, prepare).await;
    site.chat();
    site.load.more(60).await;
    until("the node goes by the others' time", async || {
        site.places[1]
            .told()
            .contains("this machine's clock is wrong")
    })
    .await;
    for right in [0, 2] {
        let told = site.places[right].told();
        assert!(!told.contains("this machine's clock is wrong"), "{told}");
    }
    site.kill(1, 0);
    site.load.more(60).await;
    site.start_again(1);
    site.load.more(60).await;
    site.kill(2, 1);
    site.load.more(60).await;
    site.finish().await;
}
