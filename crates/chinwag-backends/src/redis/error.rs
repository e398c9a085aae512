//! What went wrong with a command.

use chinwag_core::ports::EngineError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

use super::link::Address;

/// What went wrong with a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The node is away, or didn't answer in time; the command may have taken effect.
    Away(String),
    /// The slot is, or is becoming, another node's; the command took no effect.
    Moved,
    /// The slot is being handed over, and this key is there already; the command took no effect.
    Ask(Address),
    /// The script isn't known to the node; the command took no effect.
    NoScript,
    /// The node refuses the command.
    Refused(String),
}

impl Failure {
    /// Sorts an answer that is an error.
    pub(super) fn of(error: &RedisError) -> Self {
        match error.kind() {
            ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::TryAgain) => Self::Moved,
            // A former master that is a replica now, or a cluster that hasn't settled: the map is old.
            ErrorKind::Server(
                ServerErrorKind::ReadOnly
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown,
            ) => Self::Moved,
            ErrorKind::Server(ServerErrorKind::Ask) => match error.redirect_node() {
                Some((address, _)) => Address::read(address).map_or(Self::Moved, Self::Ask),
                None => Self::Moved,
            },
            ErrorKind::Server(ServerErrorKind::NoScript) => Self::NoScript,
            ErrorKind::Server(_) | ErrorKind::Extension => Self::Refused(error.to_string()),
            _ => Self::Away(error.to_string()),
        }
    }

    /// Tells the failure as that of a port: redis is away, whatever the reason, and comes back.
    pub(super) fn told(self) -> EngineError {
        let detail = match self {
            Self::Away(detail) => format!("redis: {detail}"),
            Self::Moved | Self::Ask(_) => {
                "redis: the cluster's slots are moving, or some have no master".into()
            }
            Self::NoScript => "redis: a script was forgotten again and again".into(),
            Self::Refused(detail) => format!("redis refused a command: {detail}"),
        };
        EngineError::Unavailable(detail)
    }
}
