//! The data directory around the database: its lock and its format.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Write},
    path::Path,
};

use super::error::OpenError;
use crate::disk::sync_directory;

/// The format that this version writes; it reads this one and lower ones.
pub const FORMAT: u32 = 1;
const FORMAT_FILE: &str = "format";
const LOCK_FILE: &str = "lock";
/// The database's own directory.
pub(super) const DATABASE: &str = "store";

/// Held while the data directory is open; the system lets go of it however the process ends.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, and writes into it who has it.
    pub(super) fn take(directory: &Path) -> Result<Self, OpenError> {
        let path = directory.join(LOCK_FILE);
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(OpenError::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let read = file.read_to_string(&mut pid);
                let known = read.is_ok() && !pid.trim().is_empty();
                return Err(OpenError::Locked {
                    path: directory.into(),
                    pid: if known {
                        pid.trim().into()
                    } else {
                        "unknown".into()
                    },
                });
            }
            Err(TryLockError::Error(error)) => return Err(OpenError::io("lock", &path)(error)),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(OpenError::io("write", &path))?;
        Ok(Self { _file: file })
    }
}

/// Checks the format of the data, or writes it where there is no data yet.
pub(super) fn check_format(directory: &Path) -> Result<(), OpenError> {
    let path = directory.join(FORMAT_FILE);
    let found = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if directory.join(DATABASE).exists() {
                return Err(OpenError::Damaged(format!(
                    "{} is missing, but there is data",
                    path.display()
                )));
            }
            return write_format(directory, &path);
        }
        Err(error) => return Err(OpenError::io("read", &path)(error)),
    };
    let format: Option<u32> = found
        .strip_prefix("chinwag ")
        .and_then(|number| number.trim().parse().ok());
    match format {
        Some(found) if found > FORMAT => Err(OpenError::Newer {
            found,
            known: FORMAT,
        }),
        Some(_) => Ok(()),
        None => Err(OpenError::Damaged(format!(
            "{} doesn't say which format the data has",
            path.display()
        ))),
    }
}

fn write_format(directory: &Path, path: &Path) -> Result<(), OpenError> {
    let written = || {
        let mut file = File::create(path)?;
        writeln!(file, "chinwag {FORMAT}")?;
        file.sync_all()?;
        sync_directory(directory)
    };
    written().map_err(OpenError::io("write", path))
}
