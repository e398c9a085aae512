//! Whether this node and the others fit together.

use std::sync::Arc;

use chinwag_core::{owner::Owner, ports::NodeProfile};

use crate::{
    config::{Config, NodeRole, SearchEngine},
    error::StartError,
};

/// Makes what the other nodes are told of this one.
pub(crate) fn profile(config: &Config, address: Option<String>) -> NodeProfile {
    // One that could be called and isn't only takes commands.
    let visits = config.node.calls.is_some() && address.is_none();
    let has = |role| !visits && config.node.has(role);
    let indexes_alone = match config.engines.search {
        SearchEngine::Embedded => has(NodeRole::Indexer),
        SearchEngine::OpenSearch => false,
    };
    NodeProfile {
        owns_chats: has(NodeRole::Chat),
        indexes_alone,
        address,
    }
}

/// Refuses to be one of nodes that don't fit together: chats would have owners that nobody reaches, or search would find
/// what one node's index happens to have.
pub(crate) async fn agree(owner: &Arc<Owner>, config: &Config) -> Result<(), StartError> {
    if config.engines.store == crate::config::StoreEngine::Embedded {
        return Ok(());
    }
    let refused = match owner.neighbours().await {
        Ok(neighbours) => refusal(&owner.profile(), &neighbours),
        Err(error) => Some(StartError::Owner(error.into())),
    };
    let Some(refused) = refused else {
        return Ok(());
    };
    if let Err(error) = owner.leave().await {
        tracing::warn!(%error, "the lease ends by itself");
    }
    owner.stop().await;
    Err(refused)
}

fn refusal(
    own: &NodeProfile,
    neighbours: &[(chinwag_core::model::NodeId, Arc<NodeProfile>)],
) -> Option<StartError> {
    let unreachable = |profile: &NodeProfile| profile.owns_chats && profile.address.is_none();
    for (node, other) in neighbours {
        let detail = if unreachable(own) {
            format!(
                "node {} runs on the same keyspace, and couldn't call this one: set node.listen and node.key on both",
                node.0
            )
        } else if unreachable(other) {
            format!(
                "node {} runs on the same keyspace and can't be called: set node.listen and node.key there, and start it \
                 again first",
                node.0
            )
        } else if own.indexes_alone && other.indexes_alone {
            format!(
                "node {} fills a search index of its own (engines.search = \"embedded\"), so each would have a part of \
                 everything: leave indexer out of node.roles on all nodes but one, or use a search engine that all share",
                node.0
            )
        } else {
            continue;
        };
        return Some(StartError::Config(detail));
    }
    None
}

#[cfg(test)]
mod tests {
    use chinwag_core::model::NodeId;

    use super::*;

    fn of(address: Option<&str>, owns_chats: bool, indexes_alone: bool) -> NodeProfile {
        NodeProfile {
            address: address.map(str::to_owned),
            owns_chats,
            indexes_alone,
        }
    }

    #[test]
    fn nodes_that_own_chats_must_be_reachable_and_one_alone_may_index() {
        let refused = |own: NodeProfile, other: NodeProfile| {
            refusal(&own, &[(NodeId(7), Arc::new(other))]).map(|error| error.to_string())
        };
        let (called, calls_too) = (of(Some("a:1"), true, false), of(Some("b:1"), true, true));
        assert_eq!(refused(called.clone(), calls_too.clone()), None);
        assert_eq!(refused(calls_too.clone(), called.clone()), None);
        assert_eq!(
            refused(of(None, false, false), called.clone()),
            None,
            "it takes commands"
        );
        let told = refused(of(None, true, false), called.clone()).unwrap();
        assert!(
            told.contains("node 7") && told.contains("node.listen"),
            "{told}"
        );
        let told = refused(called, of(None, true, true)).unwrap();
        assert!(told.contains("node.listen"), "{told}");
        let told = refused(calls_too.clone(), calls_too).unwrap();
        assert!(told.contains("node.roles"), "{told}");
    }
}
