//! Connecting at the start: what isn't as it must be is said then, in words that help.

use std::sync::Arc;

use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo,
    ProtocolVersion, RedisError, RedisResult, TlsCertificates,
};

use super::{
    link::{Address, connection_config},
    nodes::Nodes,
    options::Options,
};
use crate::authorities::{Authorities, choose_provider};

/// The oldest version that one Redis may have (`GETEX`), and the nodes of a cluster (sharded Pub/Sub).
const OLDEST: Version = Version(6, 2);
const OLDEST_IN_A_CLUSTER: Version = Version(7, 0);

/// Why Redis can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// An address isn't one.
    #[error(
        "redis: an address in redis.urls can't be used ({0}): write redis://[user:password@]host:port"
    )]
    Address(String),
    /// Whom to trust isn't known.
    #[error("redis.tls_ca: {0}")]
    Authorities(String),
    /// Nobody answers.
    #[error("redis: {address} doesn't answer ({error}): is it running, and reachable from here?")]
    Away {
        /// Where.
        address: String,
        /// Why.
        error: String,
    },
    /// It answers, but not to us.
    #[error(
        "redis: {address} refuses us ({error}): are the user and password in redis.urls right?"
    )]
    Unauthorized {
        /// Where.
        address: String,
        /// Why.
        error: String,
    },
    /// It is what it isn't said to be.
    #[error("redis: {address} {found}: set redis.cluster = {needed}")]
    WrongMode {
        /// Where.
        address: String,
        /// What it is.
        found: &'static str,
        /// What to configure.
        needed: bool,
    },
    /// It is too old.
    #[error("redis: {address} is version {found}; {needed} or later is needed")]
    TooOld {
        /// Where.
        address: String,
        /// Its version.
        found: String,
        /// The oldest that works.
        needed: String,
    },
    /// A cluster isn't whole.
    #[error(
        "redis: the cluster at {address} isn't whole, some slots have no master: see `redis-cli cluster info`"
    )]
    NotWhole {
        /// Where it was asked.
        address: String,
    },
}

/// A Redis that was there when this began.
pub struct Redis {
    nodes: Nodes,
}

impl Redis {
    /// Connects to the first of the addresses that answers, and checks that it is what is needed.
    pub async fn connect(options: Options) -> Result<Arc<Self>, ConnectError> {
        let mut failed = ConnectError::Address("none is named".into());
        for url in &options.urls {
            let connection = connection_of(url, &options)?;
            match probe(&connection, &options).await {
                Ok(address) => {
                    let redis = Self {
                        nodes: Nodes::new(options, connection, address.clone()),
                    };
                    redis.nodes.refresh().await;
                    if !redis.nodes.is_whole() {
                        let address = address.to_string();
                        return Err(ConnectError::NotWhole { address });
                    }
                    return Ok(Arc::new(redis));
                }
                Err(error @ ConnectError::Away { .. }) => failed = error,
                Err(error) => return Err(error),
            }
        }
        Err(failed)
    }

    pub(super) fn nodes(&self) -> &Nodes {
        &self.nodes
    }
}

/// Returns how the node at an address is reached, and whom such a connection trusts.
pub(super) fn connection_of(url: &str, options: &Options) -> Result<ConnectionInfo, ConnectError> {
    let wrong = |error: RedisError| ConnectError::Address(error.to_string());
    let mut connection = url.into_connection_info().map_err(wrong)?;
    let is_encrypted = matches!(connection.addr(), ConnectionAddr::TcpTls { .. });
    if is_encrypted {
        choose_provider();
    }
    if let Some(path) = &options.authorities {
        if !is_encrypted {
            let unencrypted = "an address in redis.urls isn't encrypted: write rediss://";
            return Err(ConnectError::Authorities(unencrypted.into()));
        }
        let trusted = Authorities::read(path).map_err(ConnectError::Authorities)?;
        let trusted = TlsCertificates {
            client_tls: None,
            root_cert: Some(trusted.pem),
        };
        let client = Client::build_with_tls(connection, trusted).map_err(wrong)?;
        connection = client.get_connection_info().clone();
    }
    // RESP3, so that a subscription is told of messages and can ask for numbers on the same connection.
    let settings = connection
        .redis_settings()
        .clone()
        .set_protocol(ProtocolVersion::RESP3)
        .set_lib_name("chinwag", env!("CARGO_PKG_VERSION"));
    Ok(connection.set_redis_settings(settings))
}

pub(super) async fn probe(
    connection: &ConnectionInfo,
    options: &Options,
) -> Result<Address, ConnectError> {
    let address = Address::of(connection)
        .ok_or_else(|| ConnectError::Address("it leads to no port".into()))?;
    let server = ask(connection, &connection_config(options.timeout))
        .await
        .map_err(|error| describe(&address, &error))?;
    let named = address.to_string();
    if server.is_cluster != options.is_cluster {
        return Err(ConnectError::WrongMode {
            address: named,
            found: if server.is_cluster {
                "is a node of a cluster"
            } else {
                "is no cluster"
            },
            needed: server.is_cluster,
        });
    }
    let needed = if options.is_cluster {
        OLDEST_IN_A_CLUSTER
    } else {
        OLDEST
    };
    if Version::read(&server.version).is_none_or(|found| found < needed) {
        return Err(ConnectError::TooOld {
            address: named,
            found: server.version,
            needed: format!("{}.{}", needed.0, needed.1),
        });
    }
    Ok(address)
}

fn describe(address: &Address, error: &RedisError) -> ConnectError {
    let address = address.to_string();
    let told = error.to_string();
    match error.kind() {
        ErrorKind::RESP3NotSupported => ConnectError::TooOld {
            address,
            found: "5 or earlier".into(),
            needed: format!("{}.{}", OLDEST.0, OLDEST.1),
        },
        ErrorKind::AuthenticationFailed => ConnectError::Unauthorized {
            address,
            error: told,
        },
        _ if ["NOAUTH", "WRONGPASS", "NOPERM"].contains(&error.code().unwrap_or_default()) => {
            ConnectError::Unauthorized {
                address,
                error: told,
            }
        }
        _ => ConnectError::Away {
            address,
            error: told,
        },
    }
}

/// What a server says of itself.
struct Server {
    version: String,
    is_cluster: bool,
}

async fn ask(connection: &ConnectionInfo, config: &AsyncConnectionConfig) -> RedisResult<Server> {
    let client = Client::open(connection.clone())?;
    let mut connection = client
        .get_multiplexed_async_connection_with_config(config)
        .await?;
    let told: String = redis::cmd("INFO").query_async(&mut connection).await?;
    let value = |name: &str| {
        let mut lines = told.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
    };
    Ok(Server {
        // Valkey names the version of Redis that it is compatible with first.
        version: value("redis_version").unwrap_or("unknown").to_owned(),
        is_cluster: value("cluster_enabled") == Some("1"),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u16, u16);

impl Version {
    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(str::parse);
        Some(Self(numbers.next()?.ok()?, numbers.next()?.ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(Version::read("10.0.1").unwrap() > Version::read("7.2").unwrap());
        assert!(Version::read("7.0.15").unwrap() >= OLDEST_IN_A_CLUSTER);
        assert!(Version::read("6.0.16").unwrap() < OLDEST);
        assert_eq!(Version::read("unknown"), None);
    }
}
