//! The embedded engine from outside: what it promises beyond the ports.
#![cfg(feature = "fjall")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod damage;
mod fixture;
mod group_commit;
mod opening;
mod queue;
mod room;
mod snapshot;
