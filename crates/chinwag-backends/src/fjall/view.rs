//! Reading rows: as they are now, or as they were at one moment.

use std::ops::Bound;

use ::fjall::{Iter, Keyspace, Readable, Slice, Snapshot};
use chinwag_core::ports::{EngineError, EngineResult};

use super::{error::read_failed, keys::Key};

/// The rows, now or at one moment.
#[derive(Clone)]
pub(super) struct View {
    rows: Keyspace,
    at: Option<Snapshot>,
}

impl View {
    /// Makes a view that always shows the newest rows.
    pub(super) fn live(rows: Keyspace) -> Self {
        Self { rows, at: None }
    }

    /// Makes a view that stands still.
    pub(super) fn at(rows: Keyspace, snapshot: Snapshot) -> Self {
        Self {
            rows,
            at: Some(snapshot),
        }
    }

    /// Reads one row.
    pub(super) fn get(&self, key: &Key) -> EngineResult<Option<Slice>> {
        match &self.at {
            None => self.rows.get(key),
            Some(snapshot) => snapshot.get(&self.rows, key),
        }
        .map_err(read_failed)
    }

    /// Reads rows in order of key, from both ends as wanted.
    pub(super) fn range(&self, from: Bound<Key>, to: Bound<Key>) -> Rows {
        let range = (from, to);
        Rows(match &self.at {
            None => self.rows.range::<Key, _>(range),
            Some(snapshot) => snapshot.range::<Key, _>(&self.rows, range),
        })
    }

    /// Reads all rows whose key begins so.
    pub(super) fn prefix(&self, prefix: &Key) -> Rows {
        self.range(
            Bound::Included(prefix.clone()),
            Bound::Excluded(prefix.past()),
        )
    }

    /// Reads the rows whose key begins so, after one of them.
    pub(super) fn prefix_after(&self, prefix: &Key, after: Option<Key>) -> Rows {
        let from = after.map_or_else(|| Bound::Included(prefix.clone()), Bound::Excluded);
        self.range(from, Bound::Excluded(prefix.past()))
    }
}

/// Rows in order of key.
pub(super) struct Rows(Iter);

impl Iterator for Rows {
    type Item = EngineResult<(Slice, Slice)>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.0.next()?;
        Some(row.into_inner().map_err(read_failed))
    }
}

impl DoubleEndedIterator for Rows {
    fn next_back(&mut self) -> Option<Self::Item> {
        let row = self.0.next_back()?;
        Some(row.into_inner().map_err(read_failed))
    }
}

/// Runs a read that may take long where it keeps no one waiting.
///
/// Up to [`INLINE_ITEMS`] single rows and runs of up to [`INLINE_ROWS`] are read by the task that asks: in memory or
/// in the page cache that takes a few microseconds, less than handing the work to another thread and back.
pub(super) async fn off_thread<T: Send + 'static>(
    read: impl FnOnce() -> EngineResult<T> + Send + 'static,
) -> EngineResult<T> {
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|error| Err(EngineError::Unavailable(format!("a read failed: {error}"))))
}

/// Reads a run of at most `limit` rows: at once where it has fewer than `inline`, else off the thread.
pub(super) async fn run<T: Send + 'static>(
    inline: usize,
    limit: usize,
    read: impl Fn(usize) -> EngineResult<Vec<T>> + Send + 'static,
) -> EngineResult<Vec<T>> {
    let first = read(limit.min(inline))?;
    if limit <= inline || first.len() < inline {
        return Ok(first);
    }
    off_thread(move || read(limit)).await
}

/// How many rows the asking task reads by itself.
pub(super) const INLINE_ROWS: usize = 256;
/// How many rows, each to be found by itself, the asking task reads by itself.
pub(super) const INLINE_ITEMS: usize = 64;
