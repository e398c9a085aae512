//! The configuration: one TOML file, and environment variables in its words.

mod keys;
mod kind;
mod node;
mod push;
mod settings;
mod show;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chinwag_backends::{cassandra, kafka, opensearch, redis};
use chinwag_proto::Limits;

pub use keys::{KEYS, Key};
pub use kind::{Kind, Value};
pub use node::{CallsConfig, NodeConfig, NodeRole};
pub use push::{ApnsConfig, FcmConfig, PushConfig, WebPushConfig};
pub use settings::{Origin, Settings};
pub use show::{example, show};

/// The file that is read where none is named and this one is there.
pub const DEFAULT_FILE: &str = "chinwag.toml";

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named can't be read.
    #[error("can't read {}: {error}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file isn't TOML.
    #[error("{} is not TOML: {detail}", path.display())]
    Syntax {
        /// Which.
        path: PathBuf,
        /// Where and why.
        detail: String,
    },
    /// There is no such key.
    #[error("there is no key {name:?} ({origin}){}", hint(nearest))]
    UnknownKey {
        /// What was written.
        name: String,
        /// What was perhaps meant.
        nearest: Option<String>,
        /// Where it was written.
        origin: Origin,
    },
    /// A value doesn't fit its key. The value isn't shown: it may be a secret.
    #[error("{name} ({origin}): expected {expected}")]
    WrongKind {
        /// The key.
        name: &'static str,
        /// What it takes.
        expected: String,
        /// Where it was written.
        origin: Origin,
    },
    /// Values don't fit together.
    #[error("{0}")]
    Contradiction(String),
}

fn hint(nearest: &Option<String>) -> String {
    nearest
        .as_ref()
        .map_or_else(String::new, |name| format!(", did you mean {name:?}?"))
}

/// What holds.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where clients connect.
    pub listen: String,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// What this node is among others.
    pub node: NodeConfig,
    /// Chats with more members are delivered through the queue and a topic.
    pub direct_max_members: u32,
    /// Threads that send to the members of a large chat side by side; 0: as many as there are processors, up to 8.
    pub delivery_threads: u32,
    /// Origins whose pages may use the API.
    pub origins: Vec<String>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub proxies: Vec<std::net::IpAddr>,
    /// Whether the web client is served.
    pub web_client: bool,
    /// The certificate, where the port speaks TLS.
    pub tls: Option<TlsFiles>,
    /// Where Prometheus reads.
    pub metrics_listen: Option<String>,
    /// `auto`, `text` or `json`.
    pub log_format: String,
    /// How much to log.
    pub log_level: String,
    /// Who is asking.
    pub auth: AuthConfig,
    /// The protocol's limits.
    pub limits: Limits,
    /// The rates.
    pub rates: Rates,
    /// Below this much free disk space, in bytes, sends are refused.
    pub storage_min_free: u64,
    /// Memory that keeps what was read from disk, bytes.
    pub storage_cache: u64,
    /// Memory that collects what goes into the search index, while something does; bytes.
    pub search_memory: u64,
    /// How devices are told of messages.
    pub push: PushConfig,
    /// How long leaving may take.
    pub shutdown_timeout: Duration,
    /// How Cassandra is reached, where an engine is it.
    pub cassandra: cassandra::Options,
    /// How Redis is reached, where an engine is it.
    pub redis: redis::Options,
    /// How Kafka is reached, where an engine is it.
    pub kafka: kafka::Options,
    /// How OpenSearch is reached, where an engine is it.
    pub opensearch: opensearch::Options,
    /// Who implements each port.
    pub engines: Engines,
    /// What this was made of.
    pub settings: Settings,
}

/// A certificate's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain.
    pub cert: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// How tokens are checked.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthConfig {
    /// Whose keys they are signed with.
    pub keys: TokenKeys,
    /// The only issuer allowed.
    pub issuer: Option<String>,
    /// The audience needed.
    pub audience: Option<String>,
    /// How long a token lives that this server gives.
    pub token_ttl: Duration,
}

impl std::fmt::Debug for AuthConfig {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("AuthConfig")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

/// Whose keys tokens are signed with.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenKeys {
    /// This server's own, made at the first start: people register here.
    Own,
    /// The app's shared secret, HS256.
    Secret(String),
    /// The app's public keys from a file.
    File(PathBuf, Algorithm),
    /// The app's public keys from an address.
    Url {
        /// Where.
        url: String,
        /// The one algorithm.
        algorithm: Algorithm,
        /// How long at least between two fetches.
        interval: Duration,
        /// Whether private addresses are allowed.
        private: bool,
    },
}

/// A signature algorithm with public keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

/// How often things may be asked for; zero nowhere, all off as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// Whether they hold at all.
    pub on: bool,
    /// A user's sends a second.
    pub sends_per_second: u32,
    /// A user's sends at once.
    pub sends_burst: u32,
    /// Registrations and logins of an address in a minute.
    pub logins_per_minute: u32,
    /// Passwords checked at once.
    pub hashes_at_once: u32,
    /// Passwords that may wait.
    pub hashes_waiting: u32,
}

/// Who implements the search index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchEngine {
    /// This process, on the disk of this machine.
    Embedded,
    /// OpenSearch, or Elasticsearch.
    OpenSearch,
}

/// Who implements logs, directory, accounts and ownership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreEngine {
    /// This process, on the disk of this machine.
    Embedded,
    /// Cassandra, or ScyllaDB.
    Cassandra,
}

/// Who implements presence, or the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveEngine {
    /// This process, in its memory.
    Embedded,
    /// Redis, or a Redis Cluster.
    Redis,
}

/// Who implements the event queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueEngine {
    /// This process: the log is the queue.
    Embedded,
    /// Kafka.
    Kafka,
}

/// Who implements each port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engines {
    /// The chats' logs.
    pub store: StoreEngine,
    /// Users, chats, members.
    pub directory: StoreEngine,
    /// Who is online.
    pub presence: LiveEngine,
    /// Live events between nodes.
    pub bus: LiveEngine,
    /// Events behind the log.
    pub queue: QueueEngine,
    /// Messages by their words.
    pub search: SearchEngine,
}

impl Engines {
    /// Everything in this process: what nobody has to configure.
    pub const EMBEDDED: Self = Self {
        store: StoreEngine::Embedded,
        directory: StoreEngine::Embedded,
        presence: LiveEngine::Embedded,
        bus: LiveEngine::Embedded,
        queue: QueueEngine::Embedded,
        search: SearchEngine::Embedded,
    };
}

impl Config {
    /// Loads the file named, or [`DEFAULT_FILE`] where it is there, then the environment.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut settings = Settings::default();
        let path = file.unwrap_or(Path::new(DEFAULT_FILE));
        match std::fs::read_to_string(path) {
            Ok(text) => settings.add_file(path, &text)?,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let path = path.to_owned();
                return Err(ConfigError::Unreadable { path, error });
            }
        }
        settings.add_environment(std::env::vars_os().filter_map(|(name, text)| {
            Some((name.into_string().ok()?, text.into_string().ok()?))
        }))?;
        Self::from_settings(settings)
    }

    /// Makes a configuration of defaults and some keys with their values as text; for programs and tests.
    pub fn of(pairs: &[(&str, &str)]) -> Result<Self, ConfigError> {
        let mut settings = Settings::default();
        for (name, text) in pairs {
            settings.add(name, text)?;
        }
        Self::from_settings(settings)
    }

    /// Returns it with one more value, as text, from the program that starts the server.
    pub fn with(self, name: &str, text: &str) -> Result<Self, ConfigError> {
        let mut settings = self.settings;
        settings.add(name, text)?;
        Self::from_settings(settings)
    }

    /// Checks that the values fit together.
    pub fn from_settings(settings: Settings) -> Result<Self, ConfigError> {
        typed::config(settings)
    }
}

mod typed;

#[cfg(test)]
mod tests;
