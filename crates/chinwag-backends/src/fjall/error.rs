//! What opening and running fail with.

use std::{io, path::PathBuf};

use chinwag_core::ports::EngineError;
use chinwag_proto::Timestamp;

/// Why a data directory could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error("{} is in use by process {pid}", path.display())]
    Locked {
        /// The data directory.
        path: PathBuf,
        /// The other process, as it says itself; `unknown` where it doesn't.
        pid: String,
    },
    /// A newer version wrote it.
    #[error("the data has format {found}, this version knows up to {known}: use a newer version")]
    Newer {
        /// The format found.
        found: u32,
        /// The newest format that this version knows.
        known: u32,
    },
    /// Acknowledged events are missing.
    #[error(
        "{events} acknowledged events since {since} are missing{}; \
         restore a backup, or start with accepted loss to go on without them",
        damage.as_ref().map(|what| format!(" ({what})")).unwrap_or_default()
    )]
    Lost {
        /// How many.
        events: u64,
        /// The time of the last commit that is there; 1970 where none is.
        since: Timestamp,
        /// What is damaged, where that was found.
        damage: Option<String>,
    },
    /// The high-water mark, which says how much was acknowledged, is missing or can't be read.
    #[error(
        "the high-water mark {} is missing or damaged, so nobody can tell whether acknowledged events are \
         missing; restore a backup, or start with accepted loss to go on with what is there", path.display()
    )]
    NoMark {
        /// The mark's file.
        path: PathBuf,
    },
    /// What is there can't be read.
    #[error("the stored data is damaged: {0}")]
    Damaged(String),
    /// The file system refused.
    #[error("can't {what} {}: {source}", path.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl OpenError {
    /// Returns a function that says what was tried with which file.
    pub(super) fn io(
        what: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

/// Says what a failed read means to a caller.
pub(super) fn read_failed(error: ::fjall::Error) -> EngineError {
    match error {
        ::fjall::Error::Io(error) => EngineError::Unavailable(error.to_string()),
        other => EngineError::Damaged(other.to_string()),
    }
}

/// Says what a failed write means to a caller: never `Full`, since the journal may hold a part of it.
pub(super) fn write_failed(error: &::fjall::Error) -> EngineError {
    EngineError::Unavailable(match error {
        ::fjall::Error::Poisoned => {
            "an earlier write failed, and what the disk holds is known only after a restart".into()
        }
        other => format!("a write failed: {other}"),
    })
}

/// Says that a stored value can't be decoded.
pub(super) fn undecodable(what: &'static str) -> EngineError {
    EngineError::Damaged(format!("a {what} can't be decoded"))
}
