//! Why a server doesn't start.

use std::{io, path::PathBuf};

use chinwag_backends::{cassandra, fjall::OpenError, kafka, opensearch, redis};
use chinwag_proto::Problem;

/// Why a server doesn't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A file or directory can't be used.
    #[error("can't use {}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The address can't be listened on.
    #[error("can't listen on {address}: {error}")]
    Listen {
        /// Which.
        address: String,
        /// Why.
        error: io::Error,
    },
    /// The embedded engine refuses its directory.
    #[error(transparent)]
    Store(OpenError),
    /// Cassandra can't be used.
    #[error(transparent)]
    Cassandra(#[from] cassandra::OpenError),
    /// Redis can't be used.
    #[error(transparent)]
    Redis(#[from] redis::ConnectError),
    /// Kafka can't be used.
    #[error(transparent)]
    Kafka(#[from] kafka::ConnectError),
    /// OpenSearch can't be used.
    #[error(transparent)]
    OpenSearch(#[from] opensearch::ConnectError),
    /// The configuration asks for what can't be.
    #[error("{0}")]
    Config(String),
    /// A restore into the data directory was cut short.
    #[error(
        "a restore into {} was cut short, so not everything is there: remove the directory and restore again",
        path.display()
    )]
    Unfinished {
        /// The data directory.
        path: PathBuf,
    },
    /// The owner can't stand ready.
    #[error("can't start: {0}")]
    Owner(Problem),
}

impl StartError {
    /// Returns whether another process has the data directory open: it may be about to leave it.
    #[must_use]
    pub const fn is_locked(&self) -> bool {
        matches!(self, Self::Store(OpenError::Locked { .. }))
    }

    pub(crate) fn file(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::File { path, error }
    }
}
