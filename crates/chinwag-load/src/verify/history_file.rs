//! Where a run's history is written.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use tempfile::{Builder, TempPath};

/// The file: one that was named, or one of the run's own.
pub(super) enum HistoryFile {
    Named(PathBuf),
    /// Removed when it is dropped.
    Own(TempPath),
}

impl HistoryFile {
    pub(super) fn new(named: Option<&Path>) -> Result<Self> {
        match named {
            Some(path) => Ok(Self::Named(path.to_owned())),
            None => {
                let file = Builder::new()
                    .prefix("chinwag-verify-")
                    .suffix(".jsonl")
                    .tempfile();
                Ok(Self::Own(
                    file.context("can't make a file for the history")?
                        .into_temp_path(),
                ))
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Named(path) => path,
            Self::Own(path) => path,
        }
    }

    /// Ends it; answers where it is kept: where it was asked for, or where there is something to look at.
    pub(super) fn end(self, worth_keeping: bool) -> Result<Option<PathBuf>> {
        match self {
            Self::Named(path) => Ok(Some(path)),
            Self::Own(path) if worth_keeping => Ok(Some(path.keep()?)),
            Self::Own(_) => Ok(None),
        }
    }
}
