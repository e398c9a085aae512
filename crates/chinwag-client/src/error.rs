//! What a request can fail with.

use chinwag_proto::Problem;

/// Why a request came to nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The server refused it.
    #[error("{0}")]
    Refused(Box<Problem>),
    /// There is no connection; sends wait in the outbox instead.
    #[error("not connected")]
    NotConnected,
    /// The outbox is full: the network has been away for too long.
    #[error("too much waits to be sent")]
    OutboxFull,
    /// The client was closed, or the server will have it no more.
    #[error("closed: {0}")]
    Closed(String),
    /// The server can't be reached, or answered what isn't an answer.
    #[error("{0}")]
    Network(String),
}

impl From<Problem> for ClientError {
    fn from(problem: Problem) -> Self {
        Self::Refused(Box::new(problem))
    }
}

impl From<reqwest::Error> for ClientError {
    fn from(error: reqwest::Error) -> Self {
        // What lies at the bottom says most: "connection refused", where the top says "error sending request".
        let mut cause: &dyn std::error::Error = &error;
        while let Some(below) = cause.source() {
            cause = below;
        }
        Self::Network(cause.to_string())
    }
}
