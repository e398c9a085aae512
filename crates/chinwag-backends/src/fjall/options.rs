//! How the embedded engine is opened.

use std::{sync::Arc, time::Duration};

use chinwag_core::{
    Clock, SystemClock,
    ports::{GroupSet, QueueGroup},
};

/// Is told how long each commit with its fsync took. Called on the thread that confirms: it must not wait.
pub type CommitObserver = Arc<dyn Fn(Duration) + Send + Sync>;

/// How the embedded engine is opened.
#[derive(Clone)]
pub struct Options {
    /// Whether every write is refused.
    pub read_only: bool,
    /// Whether a directory that lost acknowledged events is opened nevertheless; raises every chat's epoch.
    pub accept_loss: bool,
    /// Which groups read the queue: records are kept until all that they are for have acknowledged them, so for a group
    /// that nobody joins they would be kept for ever. A group that is left out begins, once it is named, with what is
    /// appended from then on.
    pub queue_groups: GroupSet,
    /// How many bytes must stay free: below, writes are refused with `Full` before anything is written.
    ///
    /// Large enough for what the engine moves by itself (flushes, compactions), which must never meet a full disk.
    pub min_free_bytes: u64,
    /// How many bytes of blocks are kept in memory at most.
    pub cache_bytes: u64,
    /// How many bytes of new rows are kept in memory before they become a table.
    pub write_buffer_bytes: u64,
    /// What tells the time of a commit, for a person who has to judge a loss.
    pub clock: Arc<dyn Clock>,
    /// Is told how long each commit took, for metrics.
    pub commit_observer: CommitObserver,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            read_only: false,
            accept_loss: false,
            queue_groups: GroupSet::of(&QueueGroup::ALL),
            min_free_bytes: 256 << 20,
            cache_bytes: 32 << 20,
            write_buffer_bytes: 16 << 20,
            clock: Arc::new(SystemClock::default()),
            commit_observer: Arc::new(|_| {}),
        }
    }
}
