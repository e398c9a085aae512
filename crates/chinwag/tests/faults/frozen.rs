//! An owner stands still past its lease, and goes on with writes in flight.

use crate::{place::Engines, reading::until, site::Site};

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn an_owner_that_stands_still_past_its_lease_and_goes_on_breaks_no_promise() {
    let mut site = Site::start(Engines::new(), 2).await;
    site.chat();
    site.load.more(50).await;
    let owner = held_owner(&site).await;
    site.release(owner, "stamped");
    site.node(owner).freeze();
    taken_over(&mut site, owner).await;
    site.node(owner).thaw();
    site.load.more(50).await;
    site.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a Cassandra, a Redis, a Kafka and an OpenSearch: make conformance"]
async fn a_write_that_leaves_after_a_take_over_loses_against_what_the_new_owner_wrote() {
    let mut site = Site::start(Engines::new(), 2).await;
    site.chat();
    site.load.more(50).await;
    let owner = held_owner(&site).await;
    site.node(owner).freeze();
    taken_over(&mut site, owner).await;
    // Now its writes leave: under an earlier term, at places that were given again.
    site.release(owner, "stamped");
    site.node(owner).thaw();
    site.load.more(50).await;
    until("the node knows", async || {
        let told = site.places[owner].told();
        told.contains("this node's lease was closed")
    })
    .await;
    site.finish().await;
}

/// Holds a node that owns a chat just before a write of its leaves; returns which one it is.
async fn held_owner(site: &Site) -> usize {
    for node in [0, 1] {
        site.hold(node, "stamped");
    }
    site.until_reached("stamped", 1).await;
    let owner = usize::from(!site.has_reached(0, "stamped"));
    site.release(1 - owner, "stamped");
    owner
}

/// Waits until the other node has what a node owned, and chats go on there.
async fn taken_over(site: &mut Site, owner: usize) {
    let other = 1 - owner;
    site.lead_away(owner, other);
    let asking = site.ask(&[other]);
    until("its lease is closed", async || {
        let told = site.places[other].told();
        told.contains("closed the lease of a node that is silent")
    })
    .await;
    site.load.more(50).await;
    asking.stop().await;
}
