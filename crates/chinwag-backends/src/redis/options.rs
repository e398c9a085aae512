//! How Redis is reached, and what bounds hold.

use std::{fmt, path::PathBuf, time::Duration};

/// How Redis is reached, and what bounds hold.
#[derive(Clone, PartialEq, Eq)]
pub struct Options {
    /// Where it is: one address, or some of a cluster's: `redis://[user:password@]host:port[/database]`, `rediss://`
    /// for TLS.
    pub urls: Vec<String>,
    /// Certificates of the authorities that are trusted, PEM; none: those that browsers trust.
    pub authorities: Option<PathBuf>,
    /// Whether it is a Redis Cluster.
    pub is_cluster: bool,
    /// What every key and channel begins with, where others use the same Redis.
    pub prefix: String,
    /// How long a connection or an answer may take before the node counts as away.
    pub timeout: Duration,
    /// How long after a user's last sign of life `lastSeen` is remembered.
    pub last_seen: Duration,
    /// How many messages of the bus may wait for this node to take them; more are told as a gap.
    pub waiting_messages: usize,
    /// How many bytes of them.
    pub waiting_bytes: usize,
}

impl Options {
    /// Makes the options of one Redis, or of a cluster, at these addresses.
    #[must_use]
    pub fn at(urls: Vec<String>, is_cluster: bool) -> Self {
        Self {
            urls,
            authorities: None,
            is_cluster,
            prefix: String::new(),
            timeout: Duration::from_secs(1),
            last_seen: Duration::from_secs(7 * 24 * 3_600),
            // A second of a busy node, as in memory.
            waiting_messages: 16_384,
            waiting_bytes: 64 * 1024 * 1024,
        }
    }
}

impl fmt::Debug for Options {
    /// Leaves the addresses out, which may hold a password.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("is_cluster", &self.is_cluster)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
