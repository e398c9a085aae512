//! The other nodes: whether this machine reaches each, and each knows this one's key.

use chinwag_backends::cassandra::SeenNode;
use futures_util::future::join_all;

use super::Finding;
use crate::{config::Config, routing};

const ABOUT: &str = "nodes";

pub(super) async fn examine(config: &Config, seen: &[SeenNode]) -> Vec<Finding> {
    let Some(calls) = &config.node.calls else {
        return seen.iter().filter_map(alone).collect();
    };
    let reaching = seen.iter().map(|node| reach(&calls.key, node));
    join_all(reaching).await
}

/// Finds a node that others call, where this one is configured to be alone.
fn alone(node: &SeenNode) -> Option<Finding> {
    let address = node.address.as_ref()?;
    let found = format!(
        "node {} at {address} has a lease on the same keyspace",
        node.number
    );
    let advice =
        "set node.listen and node.key, the same key as there; or another cassandra.keyspace";
    Some(Finding::error(ABOUT, found, advice))
}

async fn reach(key: &str, node: &SeenNode) -> Finding {
    let number = node.number;
    let Some(address) = &node.address else {
        let found = format!("node {number} has a lease, and nobody can call it");
        let advice = "set node.listen and node.key there; if it is gone, its lease is closed by the first that starts";
        return Finding::warning(ABOUT, found, advice);
    };
    match routing::reach(key, address).await {
        Ok(()) => Finding::ok(ABOUT, format!("node {number} at {address} answers")),
        Err(error) => {
            let found = format!("node {number} at {address} doesn't answer: {error}");
            let advice = "see that it runs, and that node.listen there is reachable from here; if it is gone, others close \
                          its lease";
            Finding::warning(ABOUT, found, advice)
        }
    }
}
