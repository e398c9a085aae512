//! How a cluster is reached.

use std::{fmt, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

/// How a cluster is reached, and its bounds.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Options {
    /// Some nodes to begin with, as `host:port`; the driver finds the others.
    pub contact_points: Vec<String>,
    /// The keyspace; made where it isn't there.
    pub keyspace: String,
    /// The data centre whose replicas count: the same for all nodes of this server. None: the only one there is.
    pub local_data_center: Option<String>,
    /// Copies of each row in the data centre, where the keyspace has to be made.
    pub replication: u8,
    /// User and password.
    pub credentials: Option<(String, String)>,
    /// Whether, and by whose certificates, connections are encrypted.
    pub tls: Option<Tls>,
    /// How long one statement may take; what it wrote may have happened nevertheless.
    pub timeout: Duration,
    /// Statements on their way at a time; further ones wait.
    pub in_flight: usize,
}

/// Which certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tls {
    /// Certificates of the authorities, PEM.
    pub authorities: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            contact_points: vec!["127.0.0.1:9042".into()],
            keyspace: "chinwag".into(),
            local_data_center: None,
            replication: 3,
            credentials: None,
            tls: None,
            timeout: Duration::from_secs(2),
            in_flight: 2_048,
        }
    }
}

impl fmt::Debug for Options {
    /// Leaves the password out.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Options")
            .field("contact_points", &self.contact_points)
            .field("keyspace", &self.keyspace)
            .finish_non_exhaustive()
    }
}
