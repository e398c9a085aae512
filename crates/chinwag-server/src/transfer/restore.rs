//! Restoring a backup into an empty data directory.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use chinwag_backends::fjall::{Embedded, FORMAT};
use chinwag_core::ports::{Directory as _, EngineError, EngineResult, MessageStore as _};

use super::archive::{Archive, ArchiveError, Header, Row};
use crate::{config::Config, error::StartError, node::make_data_dir, push, wiring};

/// There while a restore runs, and after one that was cut short: such a directory isn't served.
const MARKER: &str = "restoring";
/// Rows, and bytes of them, written at a time.
const ROWS: usize = 10_000;
const BYTES: usize = 4 << 20;
/// Chats looked at at a time.
const CHATS: usize = 1_000;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What the backup says of itself.
    pub header: Header,
    /// How many rows there were.
    pub rows: u64,
}

/// Why a backup was not restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The file is no whole backup; nothing was written.
    #[error("{} {error}", path.display())]
    Archive {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ArchiveError,
    },
    /// The data directory holds something; nothing was written.
    #[error(
        "{} is not empty: a backup is restored into an empty data directory only",
        path.display()
    )]
    NotEmpty {
        /// The data directory.
        path: PathBuf,
    },
    /// The data directory can't be used.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The store failed; the directory is marked as unfinished.
    #[error("the store failed: {0}; remove the data directory and try again")]
    Store(EngineError),
}

/// Restores a backup: checked as a whole before anything is written, with higher epochs, since places may be given
/// twice from here on. `progress` is told how many rows are there.
pub async fn restore(
    config: &Config,
    file: &Path,
    mut progress: impl FnMut(u64),
) -> Result<Restored, RestoreError> {
    let data_dir = &config.data_dir;
    let refused = |error| RestoreError::Archive {
        path: file.to_owned(),
        error,
    };
    let mut archive = Archive::open(file, FORMAT).map_err(refused)?;
    refuse_unfinished(data_dir)?;
    make_data_dir(data_dir)?;
    let mut there = fs::read_dir(data_dir).map_err(StartError::file(data_dir))?;
    if there.next().is_some() {
        return Err(RestoreError::NotEmpty {
            path: data_dir.clone(),
        });
    }
    let marker = data_dir.join(MARKER);
    mark(&marker, data_dir).map_err(StartError::file(&marker))?;
    let store = wiring::open_store(config)?;
    let mut rows = 0;
    loop {
        let part = next_part(&mut archive).map_err(refused)?;
        if part.is_empty() {
            break;
        }
        rows += part.len() as u64;
        store.load(part).await.map_err(RestoreError::Store)?;
        progress(rows);
    }
    purge_deleted(&store).await.map_err(RestoreError::Store)?;
    store.raise_epochs().await.map_err(RestoreError::Store)?;
    close(store);
    if let Some(key) = &archive.header().vapid_key {
        push::keep_vapid_key(data_dir, &key.0).map_err(StartError::file(data_dir))?;
    }
    unmark(&marker, data_dir).map_err(StartError::file(&marker))?;
    Ok(Restored {
        header: archive.header().clone(),
        rows,
    })
}

/// Refuses a data directory in which a restore was cut short.
pub(crate) fn refuse_unfinished(data_dir: &Path) -> Result<(), StartError> {
    if data_dir.join(MARKER).exists() {
        return Err(StartError::Unfinished {
            path: data_dir.to_owned(),
        });
    }
    Ok(())
}

fn next_part(archive: &mut Archive) -> Result<Vec<Row>, ArchiveError> {
    let (mut part, mut bytes) = (Vec::new(), 0);
    while part.len() < ROWS && bytes < BYTES {
        let Some((key, value)) = archive.next_row()? else {
            break;
        };
        bytes += key.len() + value.len();
        part.push((key, value));
    }
    Ok(part)
}

/// Removes what deleted chats left: the queue, which knew that it was to be done, is in no backup.
async fn purge_deleted(store: &Embedded) -> EngineResult<()> {
    let mut after = None;
    loop {
        let chats = store.all_chats(after, CHATS).await?;
        let Some(last) = chats.last().copied() else {
            return Ok(());
        };
        for row in store.chats(&chats).await?.into_iter().flatten() {
            if row.deleted {
                store.purge(row.id).await?;
            }
        }
        after = Some(last);
    }
}

/// Waits until all is written and the files are let go.
fn close(store: std::sync::Arc<Embedded>) {
    debug_assert_eq!(std::sync::Arc::strong_count(&store), 1);
    drop(store);
}

fn mark(marker: &Path, data_dir: &Path) -> io::Result<()> {
    File::create_new(marker)?.sync_all()?;
    File::open(data_dir)?.sync_all()
}

fn unmark(marker: &Path, data_dir: &Path) -> io::Result<()> {
    fs::remove_file(marker)?;
    File::open(data_dir)?.sync_all()
}

#[cfg(test)]
mod tests;
