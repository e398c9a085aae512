//! What every engine on this machine's disk needs: names made durable, and how much room is left.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use chinwag_core::ports::{EngineError, EngineResult};

/// Makes names in a directory durable.
pub(crate) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Returns how many bytes a process may still write to a directory's disk. One system call, of a microsecond or two.
pub fn free_bytes(directory: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(directory)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The room on a directory's disk.
pub(crate) struct Room {
    directory: PathBuf,
    min_free_bytes: u64,
}

impl Room {
    pub(crate) fn new(directory: &Path, min_free_bytes: u64) -> Self {
        Self {
            directory: directory.into(),
            min_free_bytes,
        }
    }

    /// Fails with `Full` where less than the minimum is left.
    pub(crate) fn check(&self) -> EngineResult<()> {
        let free = free_bytes(&self.directory)
            .map_err(|error| EngineError::Unavailable(format!("can't see the disk: {error}")))?;
        if free < self.min_free_bytes {
            return Err(EngineError::Full(format!(
                "{} MiB free, {} MiB wanted",
                free >> 20,
                self.min_free_bytes >> 20
            )));
        }
        Ok(())
    }
}
