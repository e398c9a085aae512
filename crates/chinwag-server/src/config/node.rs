//! What a node is among others.

use std::{collections::BTreeSet, net::SocketAddr};

use super::{ConfigError, LiveEngine, StoreEngine, typed::Reader};

/// A shared key below this many bytes can be guessed.
const MIN_KEY_BYTES: usize = 32;

/// What a node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NodeRole {
    /// Holds clients' WebSockets.
    Gateway,
    /// Answers over HTTP.
    Api,
    /// Owns chats.
    Chat,
    /// Delivers in large chats.
    Fanout,
    /// Fills the search index, and removes deleted chats' rows.
    Indexer,
    /// Tells devices.
    Push,
}

impl NodeRole {
    /// Every role, as configured.
    const ALL: [(&str, Self); 6] = [
        ("gateway", Self::Gateway),
        ("api", Self::Api),
        ("chat", Self::Chat),
        ("fanout", Self::Fanout),
        ("indexer", Self::Indexer),
        ("push", Self::Push),
    ];
}

/// What a node is among others.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeConfig {
    /// What it does.
    pub roles: BTreeSet<NodeRole>,
    /// Its number; none: a free one where other nodes call it, else 0.
    pub number: Option<u16>,
    /// How other nodes call it; none where it is the only one.
    pub calls: Option<CallsConfig>,
}

impl NodeConfig {
    /// Returns whether the node has a role.
    #[must_use]
    pub fn has(&self, role: NodeRole) -> bool {
        self.roles.contains(&role)
    }

    /// Returns whether clients connect to the node.
    #[must_use]
    pub fn serves_clients(&self) -> bool {
        self.has(NodeRole::Gateway) || self.has(NodeRole::Api)
    }

    /// Returns the names of its roles, as configured.
    #[must_use]
    pub fn role_names(&self) -> Vec<&'static str> {
        let named = NodeRole::ALL.iter().filter(|(_, role)| self.has(*role));
        named.map(|(name, _)| *name).collect()
    }
}

/// How other nodes call a node.
#[derive(Clone, PartialEq, Eq)]
pub struct CallsConfig {
    /// Where it listens.
    pub listen: String,
    /// Where they find it; none: where it listens.
    pub advertise: Option<String>,
    /// The key by which nodes know each other.
    pub key: String,
}

impl std::fmt::Debug for NodeConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("NodeConfig")
            .field("roles", &self.roles)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

pub(super) fn node(reader: &Reader<'_>) -> Result<NodeConfig, ConfigError> {
    let config = NodeConfig {
        roles: roles(reader)?,
        number: reader
            .optional_count("node.number")
            .map(|number| u16::try_from(number).expect("the table bounds it below 2^16")),
        calls: calls(reader)?,
    };
    if config.calls.is_none() && config.roles.len() < NodeRole::ALL.len() {
        return contradiction(
            "node.roles: the only node does everything; set node.listen on each of several",
        );
    }
    Ok(config)
}

fn roles(reader: &Reader<'_>) -> Result<BTreeSet<NodeRole>, ConfigError> {
    let mut roles = BTreeSet::new();
    for name in reader.list("node.roles") {
        let Some((_, role)) = NodeRole::ALL.iter().find(|(known, _)| *known == name) else {
            let known: Vec<_> = NodeRole::ALL.iter().map(|(known, _)| *known).collect();
            let known = known.join(", ");
            return contradiction(&format!("node.roles: no role {name:?}; there are {known}"));
        };
        roles.insert(*role);
    }
    if roles.is_empty() {
        return contradiction("node.roles needs at least one");
    }
    Ok(roles)
}

fn calls(reader: &Reader<'_>) -> Result<Option<CallsConfig>, ConfigError> {
    let (listen, key) = (reader.optional("node.listen"), reader.optional("node.key"));
    let advertise = reader.optional("node.advertise");
    let Some(listen) = listen else {
        return match (advertise, reader.store_engine("engines.store")) {
            (Some(_), _) => contradiction("node.advertise needs node.listen"),
            (None, StoreEngine::Embedded) if reader.optional_count("node.number").is_some() => {
                contradiction("node.number: with engines.store = \"embedded\" there is one node")
            }
            _ => Ok(None),
        };
    };
    let Some(key) = key else {
        return contradiction("node.listen needs node.key, the same on every node");
    };
    if key.len() < MIN_KEY_BYTES {
        return contradiction(&format!(
            "node.key needs at least {MIN_KEY_BYTES} bytes, or it can be guessed"
        ));
    }
    if reader.store_engine("engines.store") == StoreEngine::Embedded {
        return contradiction(
            "node.listen: with engines.store = \"embedded\" there is one node, which nobody calls",
        );
    }
    let shared = ["engines.presence", "engines.bus"];
    if shared
        .iter()
        .any(|engine| reader.live_engine(engine) == LiveEngine::Embedded)
    {
        return contradiction(
            "node.listen: nodes find each other's sessions by a shared presence and bus; set engines.presence and engines.bus to \"redis\"",
        );
    }
    let is_anywhere = |text: &str| {
        text.parse::<SocketAddr>()
            .is_ok_and(|address| address.ip().is_unspecified())
    };
    if is_anywhere(advertise.as_ref().unwrap_or(&listen)) {
        return contradiction(
            "node.advertise: other nodes can't call 0.0.0.0; name an address of this machine",
        );
    }
    Ok(Some(CallsConfig {
        listen,
        advertise,
        key,
    }))
}

fn contradiction<T>(detail: &str) -> Result<T, ConfigError> {
    Err(ConfigError::Contradiction(detail.into()))
}
