//! The embedded engine from outside: what it promises beyond the ports.
#![cfg(feature = "fjall")]

mod damage;
mod fixture;
mod group_commit;
mod opening;
mod queue;
mod room;
mod snapshot;
