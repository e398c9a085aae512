//! Opening a data directory: nothing is served before it is certain that all acknowledged events are there.

use std::{
    fs::{File, OpenOptions},
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};

use ::fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, config::PartitioningPolicy};
use chinwag_core::ports::GroupSet;
use chinwag_proto::Timestamp;

use super::{
    batch::Batch,
    commit::Commit,
    epochs,
    error::OpenError,
    files::DATABASE,
    high_water::{self, HighWater, Mark},
    journals::{Journal, Journals},
    keys,
    options::Options,
    view::View,
};
use crate::disk::sync_directory;

/// The one keyspace.
const KEYSPACE: &str = "rows";
/// Below the data directory: journals as they were before something was cut off them.
const KEPT: &str = "damaged-journals";

/// What a start with accepted loss went on without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// How many acknowledged events; none where it could not be told.
    pub events: Option<u64>,
    /// The time of the last commit that is there.
    pub since: Timestamp,
}

/// An open database and what is known about it.
pub(super) struct Opened {
    pub(super) found: Found,
    pub(super) mark: HighWater,
    pub(super) loss: Option<Loss>,
}

/// Opens the database, or says what is missing.
pub(super) fn open(directory: &Path, options: &Options) -> Result<Opened, OpenError> {
    let path = directory.join(DATABASE);
    let mark_path = directory.join(high_water::FILE);
    let mark = high_water::read(&mark_path).map_err(OpenError::io("read", &mark_path))?;
    let journals = Journals::read(&path).map_err(OpenError::io("read", &path))?;

    let damage = Damage::find(&journals.all);
    let kept = match &damage {
        None => None,
        Some(damage) => Some(damage.cut(directory, &journals.all)?),
    };
    let opened = open_database(&path, options).and_then(|(database, rows)| {
        let commit = last_commit(&rows)?;
        Ok(Found {
            database,
            rows,
            commit,
            journalled: journals.last_commit.unwrap_or(commit.number),
        })
    });
    let missing = match &opened {
        Ok(found) => missing(mark, &found.commit, &mark_path, damage.as_ref()).err(),
        Err(_) => None,
    };
    let refused = match (opened, missing) {
        (Ok(opened), None) => return finish(opened, mark.is_some(), &mark_path, None, kept),
        (Ok(opened), Some(missing)) if options.accept_loss => {
            if let Some(kept) = kept {
                tracing::warn!(path = %kept.0.display(), "the damaged journals are kept here");
            }
            let loss = loss_of(&missing, &opened.commit);
            // Before the mark is made anew: a crash in between must not make the loss look accepted.
            let opened = raise_epochs(opened)?;
            return finish(opened, false, &mark_path, Some(loss), None);
        }
        (Ok(_), Some(missing)) => missing,
        (Err(error), _) => error,
    };
    if let Some(kept) = kept {
        kept.put_back(&path)?;
    }
    Err(refused)
}

/// What fjall found.
pub(super) struct Found {
    pub(super) database: Database,
    pub(super) rows: Keyspace,
    pub(super) commit: Commit,
    /// The last commit in the journals.
    journalled: u64,
}

impl Found {
    /// Makes the batch that goes on from here.
    pub(super) fn batch(&self, groups: GroupSet) -> Batch {
        Batch::new(
            self.database.clone(),
            self.rows.clone(),
            self.commit,
            self.journalled,
            groups,
        )
    }
}

fn finish(
    found: Found,
    has_mark: bool,
    mark_path: &Path,
    loss: Option<Loss>,
    kept: Option<Kept>,
) -> Result<Opened, OpenError> {
    // What was found may so far be in the page cache only: it must not be shown and then be lost.
    found
        .database
        .persist(PersistMode::SyncAll)
        .map_err(|error| OpenError::Damaged(format!("can't sync what was found: {error}")))?;
    let mark = if has_mark {
        HighWater::open(mark_path)
    } else {
        HighWater::create(mark_path, &found.commit)
    }
    .map_err(OpenError::io("write", mark_path))?;
    if let Some(kept) = kept {
        kept.discard()?;
    }
    Ok(Opened { found, mark, loss })
}

/// Fails where the database shows less than was acknowledged.
fn missing(
    mark: Option<Mark>,
    commit: &Commit,
    mark_path: &Path,
    damage: Option<&Damage>,
) -> Result<(), OpenError> {
    let Some(mark) = mark else {
        // Without a commit the directory is new: the mark is made after the database.
        if commit.number == 0 && damage.is_none() {
            return Ok(());
        }
        return Err(OpenError::NoMark {
            path: mark_path.into(),
        });
    };
    if commit.number >= mark.commit {
        return Ok(());
    }
    Err(OpenError::Lost {
        events: mark.events.saturating_sub(commit.events),
        since: commit.at,
        damage: damage.map(ToString::to_string),
    })
}

fn loss_of(missing: &OpenError, commit: &Commit) -> Loss {
    Loss {
        events: match missing {
            OpenError::Lost { events, .. } => Some(*events),
            _ => None,
        },
        since: commit.at,
    }
}

/// Raises the epochs under a commit of its own.
fn raise_epochs(mut found: Found) -> Result<Found, OpenError> {
    let mut batch = found.batch(GroupSet::NONE);
    batch.begin(found.commit.at);
    let raised = epochs::raise_all(&mut batch).and_then(|()| batch.sync());
    let commit = raised
        .map_err(|error| OpenError::Damaged(format!("can't raise the chats' epochs: {error}")))?;
    if commit != found.commit {
        found.journalled = commit.number;
        found.commit = commit;
    }
    Ok(found)
}

/// Threads that flush and compact. The first one keeps itself for flushes: a request to compact it puts back and takes
/// again, as fast as it can, until another has taken it. With two, as fjall has it on two cores, it spins for as long as
/// the other compacts; one alone can wait for itself for ever (fjall pull request 323).
const WORKERS: usize = 3;

/// Opens the store, or makes it.
///
/// Each table has a filter and an index, which may be megabytes. Those of young tables stay in memory; of all others they
/// are read and checked by parts of 4 KiB, through the cache: whole ones would be read again and again once the cache is
/// too small for all.
fn open_database(path: &Path, options: &Options) -> Result<(Database, Keyspace), OpenError> {
    let open = || {
        let database = Database::builder(path)
            .cache_size(options.cache_bytes)
            .max_cached_files(Some(256))
            .max_journaling_size(256 << 20)
            .worker_threads(WORKERS)
            .open()?;
        let rows = database.keyspace(KEYSPACE, || {
            let partitioned = || PartitioningPolicy::new([false, true]);
            KeyspaceCreateOptions::default()
                .max_memtable_size(options.write_buffer_bytes)
                .filter_block_partitioning_policy(partitioned())
                .index_block_partitioning_policy(partitioned())
        })?;
        Ok::<_, ::fjall::Error>((database, rows))
    };
    // fjall asserts some of what it reads; damage must end in an answer, not in a crash.
    match std::panic::catch_unwind(AssertUnwindSafe(open)) {
        Ok(Ok(opened)) => Ok(opened),
        Ok(Err(error)) => Err(OpenError::Damaged(error.to_string())),
        Err(_) => Err(OpenError::Damaged(format!(
            "{} can't be recovered",
            path.display()
        ))),
    }
}

fn last_commit(rows: &Keyspace) -> Result<Commit, OpenError> {
    let damaged = |error| OpenError::Damaged(format!("the last commit can't be read: {error}"));
    match View::live(rows.clone())
        .get(&keys::commit())
        .map_err(damaged)?
    {
        Some(bytes) => Commit::from_bytes(&bytes).map_err(damaged),
        None => Ok(Commit::default()),
    }
}

/// The first journal that does not end with a whole batch.
struct Damage {
    index: usize,
    path: PathBuf,
    at: u64,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "{} is damaged from byte {}",
            self.path.display(),
            self.at
        )
    }
}

impl Damage {
    fn find(journals: &[Journal]) -> Option<Self> {
        let index = journals.iter().position(|journal| journal.damaged)?;
        Some(Self {
            index,
            path: journals[index].path.clone(),
            at: journals[index].whole_through,
        })
    }

    /// Cuts the damaged end off, and takes later journals away, since they don't follow what is left. Usually the
    /// end is the torn one of a batch that nobody was told of. What was there is kept until that is certain.
    fn cut(&self, directory: &Path, journals: &[Journal]) -> Result<Kept, OpenError> {
        // Those before the damage too: fjall removes one whose rows it has moved to a table, and without it nobody
        // could tell at the next start that what is put back doesn't follow.
        let kept = Kept::copy(directory, journals)?;
        let cut = || {
            let file = OpenOptions::new().write(true).open(&self.path)?;
            file.set_len(self.at)?;
            file.sync_all()?;
            for later in &journals[self.index + 1..] {
                std::fs::remove_file(&later.path)?;
            }
            Ok(())
        };
        match cut() {
            Ok(()) => Ok(kept),
            Err(error) => Err(OpenError::io("cut", &self.path)(error)),
        }
    }
}

/// Journals as they were.
struct Kept(PathBuf);

impl Kept {
    fn copy(directory: &Path, journals: &[Journal]) -> Result<Self, OpenError> {
        // The first free number: what an earlier start kept is not overwritten.
        let kept = (1..)
            .map(|number| directory.join(format!("{KEPT}-{number}")))
            .find(|path| !path.exists())
            .unwrap_or_else(|| directory.join(KEPT));
        let copy = || {
            std::fs::create_dir(&kept)?;
            for journal in journals {
                if let Some(name) = journal.path.file_name() {
                    std::fs::copy(&journal.path, kept.join(name))?;
                    File::open(kept.join(name))?.sync_all()?;
                }
            }
            sync_directory(&kept)?;
            sync_directory(directory)
        };
        copy().map_err(OpenError::io("copy the journals to", &kept))?;
        Ok(Self(kept))
    }

    /// Puts everything back, so that a refused start changes nothing.
    fn put_back(self, database: &Path) -> Result<(), OpenError> {
        let put_back = || {
            for entry in std::fs::read_dir(&self.0)? {
                let entry = entry?;
                std::fs::rename(entry.path(), database.join(entry.file_name()))?;
            }
            sync_directory(database)?;
            std::fs::remove_dir(&self.0)
        };
        put_back().map_err(OpenError::io("put back the journals of", &self.0))
    }

    fn discard(self) -> Result<(), OpenError> {
        std::fs::remove_dir_all(&self.0).map_err(OpenError::io("remove", &self.0))
    }
}
