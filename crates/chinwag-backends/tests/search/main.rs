//! The embedded search index, as far as only it does so: what is on its disk, and what became of that.
#![cfg(feature = "tantivy")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod documents;
mod fixture;
mod idle;
mod killed;
mod random;
mod steps;
mod versions;
