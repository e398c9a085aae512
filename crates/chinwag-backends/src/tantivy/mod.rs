//! The embedded search index: `SearchIndex` on tantivy.
//!
//! - Texts are cut by `chinwag_core::search` and by nothing else, so this engine finds what the reference in memory
//!   finds. A document holds no text besides its terms: what was found is read from the log.
//! - One thread writes ([`scribe`]). Its writer is open only while there is something to write: idle, the engine is
//!   a few open files.
//! - What an `upsert` brings is one commit, synced before it is answered. Of a message there is one document; the
//!   place of its last change decides whether another one may take its place ([`held`]). A deleted message leaves a
//!   document without words, so that no older change brings it back.
//! - Deleted text is found no more at once, and leaves the files when its segment is merged: at the latest a day
//!   later ([`merging`]).
//! - The index lies in a directory of its own, which the file `current` names together with how its texts were cut
//!   ([`home`]). A rebuild makes the next one and then writes that file anew; a directory that it doesn't name is
//!   removed. An index of another version, or a damaged one, is no index: it is rebuilt from the log.

mod error;
mod filling;
mod found;
mod generation;
mod held;
mod hits;
mod home;
mod index;
mod merging;
mod older;
mod open_phrase;
mod options;
mod query;
mod rebuild;
mod schema;
mod scribe;
mod searchable;
mod times;
mod tokens;
mod writer;

pub use index::TantivySearch;
pub use options::{MIN_MEMORY_BYTES, Options};
