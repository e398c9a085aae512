//! The embedded engine: `MessageStore`, `Directory`, `Accounts`, `Ownership` and `EventQueue` on one fjall
//! database.
//!
//! - Everything lies in **one** keyspace, so that its rows reach the tables in the order of their commits: the
//!   number of the last commit found proves that all before it are there. (With a keyspace for each kind of row, a
//!   flushed one would hide what a damaged journal lost of another.)
//! - One thread writes. It takes all that waits, commits it as one batch and syncs once ([`committer`]). A second
//!   one then writes the high-water mark and confirms ([`confirmer`]), while the first is at the next group.
//! - The high-water mark is a file of its own: fjall takes a damaged batch for a torn tail and drops what follows
//!   without a word, so a database that shows less than the mark is refused, or opened with accepted loss.

mod accounts;
mod batch;
mod cells;
mod commit;
mod committer;
mod confirmer;
mod directory;
mod embedded;
mod epochs;
mod error;
mod event_queue;
mod files;
mod heights;
mod high_water;
mod journals;
mod keys;
mod message_store;
mod opening;
mod options;
mod ownership;
mod scans;
mod snapshot;
mod view;

pub use embedded::{Embedded, Stats};
pub use error::OpenError;
pub use files::FORMAT;
pub use journals::journals_end;
pub use opening::Loss;
pub use options::{CommitObserver, Options};
pub use snapshot::Snapshot;
