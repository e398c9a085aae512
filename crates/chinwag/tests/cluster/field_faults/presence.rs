//! Row 7: presence lasts as long as somebody is there, and no longer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{pair::Pair, place::Engines, socket::Socket};

/// A lease of presence, and the heartbeat within which it is renewed.
const LEASE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
async fn row_7_who_is_silent_on_another_node_stays_online_and_whose_network_is_gone_goes_offline_once()
 {
    let pair = Pair::start(&Engines::new()).await;
    let cem = pair.nodes[0].register("cem").await;
    for other in [&pair.ana, &cem] {
        pair.ben.direct(other).await;
    }
    let mut bens = Socket::open(&pair.nodes[1].url, &pair.ben).await;
    let mut anas = Socket::open(&pair.nodes[0].url, &pair.ana).await;
    // Nobody reads it and nothing answers its pings, and no end is told.
    let gone = Socket::open(&pair.nodes[0].url, &cem).await;
    let watch = json!({"type": "watchPresence", "add": ["ana", "cem"]});
    let answer = bens.ask(watch).await;
    for user in answer["users"].as_array().unwrap() {
        assert_eq!(user["status"], "online", "{answer}");
    }
    let silent_for = 3 * LEASE;
    let never = |_: &Value| false;
    let mut changes = Vec::new();
    let began = tokio::time::Instant::now();
    let listening = async {
        loop {
            let change = bens.hear(|frame| frame["type"] == "presence").await;
            changes.push((began.elapsed(), change.frame));
        }
    };
    let silence = tokio::time::sleep(silent_for);
    tokio::select! {
        () = listening => {}
        _ = anas.hear(never) => {}
        () = silence => {}
    }
    let [(after, change)] = &changes[..] else {
        panic!("one change, not {changes:?}");
    };
    assert_eq!(
        (&change["userId"], &change["status"]),
        (&json!("cem"), &json!("offline"))
    );
    // A gateway looks every five seconds.
    let latest = LEASE + HEARTBEAT + Duration::from_secs(10);
    assert!(*after <= latest, "{after:?}");
    drop(gone);
    pair.stop();
}
