//! The engines that are configured, each asked on its own.

use chinwag_backends::{cassandra, kafka, opensearch, redis};
use chinwag_core::Clock;

use super::Finding;
use crate::config::{Config, LiveEngine, QueueEngine, SearchEngine, StoreEngine};

/// What the engines tell: how they are, and which nodes are registered.
#[derive(Default)]
pub(super) struct Engines {
    pub(super) findings: Vec<Finding>,
    pub(super) nodes: Vec<cassandra::SeenNode>,
}

pub(super) async fn examine(config: &Config, clock: &dyn Clock) -> Engines {
    let engines = config.engines;
    let store = async {
        match engines.store {
            StoreEngine::Embedded => cassandra::Examination::default(),
            StoreEngine::Cassandra => cassandra::examine(&config.cassandra, clock).await,
        }
    };
    let live = async {
        match (engines.presence, engines.bus) {
            (LiveEngine::Embedded, LiveEngine::Embedded) => Vec::new(),
            _ => redis::examine(&config.redis, clock).await,
        }
    };
    let queue = async {
        match engines.queue {
            QueueEngine::Embedded => Vec::new(),
            QueueEngine::Kafka => kafka::examine(&config.kafka).await,
        }
    };
    let search = async {
        match engines.search {
            SearchEngine::Embedded => Vec::new(),
            SearchEngine::OpenSearch => opensearch::examine(&config.opensearch).await,
        }
    };
    let (store, live, queue, search) = tokio::join!(store, live, queue, search);
    Engines {
        findings: [store.findings, live, queue, search].concat(),
        nodes: store.nodes,
    }
}
