//! What the driver's errors mean to a caller.

use chinwag_core::ports::EngineError;
use scylla::errors::{
    DeserializationError, ExecutionError, IntoRowsResultError, NewSessionError, PrepareError,
    RowsError,
};

/// Why a cluster can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No contact point answers.
    #[error(
        "no Cassandra node answers at {contact_points}: {error}; check cassandra.contact_points, and that CQL is \
         reachable from here"
    )]
    Unreachable {
        /// Where it was looked for.
        contact_points: String,
        /// What the driver says.
        error: Box<NewSessionError>,
    },
    /// The certificates can't be read.
    #[error("cassandra.tls_ca: {0}")]
    Tls(String),
    /// What was asked for doesn't fit the cluster that is there.
    #[error("{0}")]
    Unfit(String),
    /// The keyspace was written by a later version.
    #[error(
        "keyspace {keyspace} has schema version {found}, this program knows {known}: start a newer one"
    )]
    Newer {
        /// The keyspace.
        keyspace: String,
        /// Its version.
        found: i32,
        /// The last version that is known.
        known: i32,
    },
    /// A statement of the schema failed.
    #[error("can't make or read the schema: {0}")]
    Schema(String),
}

impl From<ExecutionError> for OpenError {
    fn from(error: ExecutionError) -> Self {
        Self::Schema(error.to_string())
    }
}

impl From<PrepareError> for OpenError {
    fn from(error: PrepareError) -> Self {
        Self::Schema(error.to_string())
    }
}

impl From<EngineError> for OpenError {
    fn from(error: EngineError) -> Self {
        Self::Schema(error.to_string())
    }
}

/// A statement failed. A time-out, a lost connection and too few replicas all mean: it may have happened.
pub(super) fn failed(error: &ExecutionError) -> EngineError {
    EngineError::Unavailable(format!("cassandra: {error}"))
}

/// An answer isn't the rows that were asked for.
pub(super) fn no_rows(error: &IntoRowsResultError) -> EngineError {
    EngineError::Damaged(format!("cassandra: {error}"))
}

/// Rows have other columns than were asked for.
pub(super) fn other_columns(error: &RowsError) -> EngineError {
    EngineError::Damaged(format!("cassandra: {error}"))
}

/// A row can't be read.
pub(super) fn unreadable(error: &DeserializationError) -> EngineError {
    EngineError::Damaged(format!("cassandra: {error}"))
}

/// A cell can't be read.
pub(super) fn undecodable(what: &str) -> EngineError {
    EngineError::Damaged(format!("cassandra: a {what} can't be decoded"))
}
