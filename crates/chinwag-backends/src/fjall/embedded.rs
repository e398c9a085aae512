//! The engine itself: what it consists of, its start and its end.

use std::{
    path::Path,
    sync::{Arc, atomic::Ordering::Relaxed},
    thread::JoinHandle,
};

use chinwag_core::ports::{EngineError, EngineResult, QueueGroup, ReservedIds};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::{
    batch::Batch,
    cells::Acked,
    commit::{Commit, GROUPS},
    committer::Committer,
    confirmer::{Confirmer, Counters, Durable},
    epochs,
    error::OpenError,
    event_queue,
    files::{self, Lock},
    keys::{Key, Kind},
    opening::{self, Loss},
    options::Options,
    snapshot::Snapshot,
    view::View,
};
use crate::disk::Room;

/// The embedded engine, open on a data directory until it is dropped.
pub struct Embedded {
    pub(super) inner: Arc<Inner>,
    loss: Option<Loss>,
    counters: Arc<Counters>,
    database: ::fjall::Database,
    rows: ::fjall::Keyspace,
    /// The threads that write and confirm; joined at the end.
    threads: Vec<JoinHandle<()>>,
}

/// What consumers of the queue hold too.
pub(super) struct Inner {
    pub(super) view: View,
    pub(super) reserved: ReservedIds,
    /// None once closed, or where the directory is open for reading only.
    committer: Mutex<Option<Arc<Committer>>>,
    read_only: bool,
    /// The last commit that is confirmed: how far the queue may be read.
    pub(super) durable: watch::Receiver<Commit>,
    /// Changes when there are more records of a group, after `durable` does.
    pub(super) written: [watch::Receiver<u64>; GROUPS],
    /// How far each group of the queue is.
    pub(super) acked: Mutex<[Acked; GROUPS]>,
    /// Let go of last.
    _lock: Lock,
}

/// What was written since the start: for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stats {
    /// Batches committed and synced.
    pub groups: u64,
    /// Requests in them: more than `groups` where callers shared a sync.
    pub requests: u64,
    /// Events appended, since the directory was made.
    pub events: u64,
}

impl Embedded {
    /// Opens a data directory, making it where there is none. May take as long as replaying a journal does.
    pub fn open(directory: &Path, options: Options) -> Result<Arc<Self>, OpenError> {
        std::fs::create_dir_all(directory).map_err(OpenError::io("create", directory))?;
        let lock = Lock::take(directory)?;
        files::check_format(directory)?;
        let opened = opening::open(directory, &options)?;

        let view = View::live(opened.found.rows.clone());
        let found = opened.found;
        let mut batch = found.batch(options.queue_groups);
        let acked = event_queue::begin(&view, &mut batch, &found.commit, options.queue_groups)
            .map_err(|error| OpenError::Damaged(error.to_string()))?;
        let durable = Durable::new(found.commit);
        let (durable_commit, written) = (durable.commit(), durable.written());
        let counters = Arc::new(Counters::default());
        let spawned = OpenError::io("start the writing threads for", directory);
        let start = || {
            let observer = Arc::clone(&options.commit_observer);
            let (confirmer, confirming) =
                Confirmer::start(opened.mark, durable, Arc::clone(&counters), observer)?;
            let room = Room::new(directory, options.min_free_bytes);
            let (committer, committing) =
                Committer::start(batch, room, Arc::clone(&options.clock), confirmer)?;
            Ok((committer, vec![committing, confirming]))
        };
        let (committer, threads) = start().map_err(spawned)?;
        let inner = Arc::new(Inner {
            view,
            reserved: ReservedIds::default(),
            committer: Mutex::new((!options.read_only).then(|| Arc::new(committer))),
            read_only: options.read_only,
            durable: durable_commit,
            written,
            acked: Mutex::new(acked),
            _lock: lock,
        });
        Ok(Arc::new(Self {
            inner,
            loss: opened.loss,
            counters,
            database: found.database,
            rows: found.rows,
            threads,
        }))
    }

    /// Returns what this start went on without, if it accepted a loss: what was built from the log must be built
    /// anew.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        self.loss
    }

    /// Returns a view of everything as it is at this moment, for exports and backups; it costs disk while held.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::new(View::at(self.rows.clone(), self.database.snapshot()))
    }

    /// Returns what was written since the start.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            groups: self.counters.groups.load(Relaxed),
            requests: self.counters.requests.load(Relaxed),
            events: self.inner.durable.borrow().events,
        }
    }

    /// Returns whether it is open for reading only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        self.inner.read_only
    }

    /// Returns the number of the last commit: another one, whenever anything was written.
    #[must_use]
    pub fn commit_number(&self) -> u64 {
        self.inner.durable.borrow().number
    }

    /// Returns whether anybody has a device.
    pub fn has_devices(&self) -> EngineResult<bool> {
        let first = self.inner.view.prefix(&Key::of(Kind::Device)).next();
        first.transpose().map(|row| row.is_some())
    }

    /// Writes rows as a snapshot's `entries` gave them: for restoring into a directory that holds nothing else.
    pub async fn load(&self, entries: Vec<(Vec<u8>, Vec<u8>)>) -> EngineResult<()> {
        let write = move |batch: &mut Batch| {
            for (key, value) in entries {
                batch.put(Key::from_bytes(&key), value);
            }
            Ok(())
        };
        self.inner.write(0, write).await
    }

    /// Raises the epoch of every chat: after a restore, since places may be given twice.
    pub async fn raise_epochs(&self) -> EngineResult<()> {
        self.inner.write(0, epochs::raise_all).await
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        // The writing thread ends when nobody can hand in more, the confirming one after it.
        self.inner.committer.lock().take();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store had panicked");
            }
        }
    }
}

impl Inner {
    /// Writes, and returns once it is durable and the high-water mark says so.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        events: usize,
        write: impl FnOnce(&mut Batch) -> EngineResult<T> + Send + 'static,
    ) -> EngineResult<T> {
        self.committer()?.write(events, write).await
    }

    /// Writes what may be lost, without waiting.
    pub(super) fn write_unawaited(
        &self,
        write: impl FnOnce(&mut Batch) -> EngineResult<()> + Send + 'static,
    ) -> EngineResult<()> {
        self.committer()?.write_unawaited(write);
        Ok(())
    }

    fn committer(&self) -> EngineResult<Arc<Committer>> {
        if self.read_only {
            return Err(EngineError::ReadOnly);
        }
        let committer = self.committer.lock().clone();
        committer.ok_or_else(|| EngineError::Unavailable("the store was closed".into()))
    }

    /// Returns how many records a group has not acknowledged.
    pub(super) fn lag(&self, group: QueueGroup) -> u64 {
        let written = self.durable.borrow().written(group);
        let acked = self.acked.lock()[group as usize];
        written.saturating_sub(acked.count)
    }
}
