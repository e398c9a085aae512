//! Nodes that don't fit together say so at the start.

use crate::place::{EVERYTHING, Engines, WITHOUT_INDEX};

#[test]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
fn a_node_that_nobody_can_call_is_refused_beside_others_and_they_beside_it() {
    let engines = Engines::new();
    let place = engines.node(EVERYTHING);
    let called = place.serve();
    let told = engines.only_node().refused();
    assert!(told.contains("set node.listen and node.key"), "{told}");
    called.stop();
    let place = engines.only_node();
    let alone = place.serve();
    let told = engines.node(EVERYTHING).refused();
    assert!(told.contains("can't be called"), "{told}");
    alone.stop();
}

#[test]
#[ignore = "needs a Cassandra, a Redis and a Kafka: make conformance"]
fn two_nodes_that_each_fill_an_index_of_their_own_are_refused() {
    let engines = Engines::new();
    let place = engines.node(EVERYTHING);
    let first = place.serve();
    let told = engines.node(EVERYTHING).refused();
    assert!(told.contains("leave indexer out of node.roles"), "{told}");
    let other = engines.node(WITHOUT_INDEX);
    let second = other.serve();
    second.stop();
    first.stop();
}
