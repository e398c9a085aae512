//! How OpenSearch is reached, and what its indices are made like.

use std::{fmt, path::PathBuf, time::Duration};

/// How OpenSearch is reached, what its indices are made like, and the bounds of requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Some of the nodes, `https://host:port` or `http://host:port` each.
    pub urls: Vec<String>,
    /// What the names of indices and aliases begin with: small letters, digits, `-` and `_`.
    pub index: String,
    /// Who signs in; nobody where there is no security.
    pub credentials: Option<Credentials>,
    /// Certificates of the authorities that are trusted, PEM; none: those that browsers trust.
    pub authorities: Option<PathBuf>,
    /// How long a search may take before the engine counts as away.
    pub timeout: Duration,
    /// How long a write may take, and whatever changes indices.
    pub write_timeout: Duration,
    /// The size of a request that writes, bytes.
    pub bulk_bytes: usize,
    /// Documents in a request that writes.
    pub bulk_documents: usize,
    /// Shards of an index that is made.
    pub shards: u16,
    /// Further copies of each shard of an index that is made, on as many further nodes.
    pub replicas: u8,
    /// How long what was written waits until it is found; a write's answer waits as long.
    pub refresh: Duration,
    /// A rebuild that wasn't heard of for so long died with its node.
    pub abandoned_after: Duration,
}

/// Who signs in.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// A user and a password.
    Password(String, String),
    /// An API key, encoded as the engine gave it.
    ApiKey(String),
}

impl fmt::Debug for Credentials {
    /// Leaves out what is secret.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(user, _) => out
                .debug_tuple("Password")
                .field(user)
                .finish_non_exhaustive(),
            Self::ApiKey(_) => out.debug_tuple("ApiKey").finish_non_exhaustive(),
        }
    }
}

impl Options {
    /// Makes the options of an engine at these addresses, whose indices have a shard and two copies of it.
    #[must_use]
    pub fn at(urls: Vec<String>) -> Self {
        Self {
            urls,
            index: "chinwag".into(),
            credentials: None,
            authorities: None,
            timeout: Duration::from_secs(2),
            write_timeout: Duration::from_secs(30),
            bulk_bytes: 4 << 20,
            bulk_documents: 5_000,
            shards: 3,
            replicas: 1,
            refresh: Duration::from_millis(500),
            abandoned_after: Duration::from_secs(20),
        }
    }
}
