//! How the search index is opened.

use std::sync::Arc;

use chinwag_core::{Clock, SystemClock};

/// The least memory that the index can be written with: below, every few thousand messages would be a file.
pub const MIN_MEMORY_BYTES: u64 = 1 << 20;

/// How the search index is opened.
#[derive(Clone)]
pub struct Options {
    /// How many bytes collect what is written before they go to a file; at least [`MIN_MEMORY_BYTES`]. In use only
    /// while something is written.
    pub memory_bytes: u64,
    /// How many bytes must stay free on the disk: below, nothing is written and `upsert` answers `Full`.
    pub min_free_bytes: u64,
    /// What tells how long deleted text has been in the files.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            memory_bytes: 16 << 20,
            min_free_bytes: 256 << 20,
            clock: Arc::new(SystemClock::default()),
        }
    }
}
