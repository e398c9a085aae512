//! The one list of behaviours that every implementation of a port must show, and a wrapper that injects faults.
//!
//! An engine implements [`Engine`] and the trait of each port that it has ([`MessageStoreEngine`], …), and runs
//! every case by one line in a test of its own crate:
//!
//! ```ignore
//! chinwag_conformance::conformance_tests!(Embedded: message_store, directory, accounts, event_queue, ownership);
//! ```
//!
//! Each case is a test of its own, named as the sentence that must hold. An engine that isn't there on every
//! machine says so: `conformance_tests!(#[ignore = "needs a Redis"] Redis: presence, bus)` shows as ignored, and
//! where it is required the tests run with `--include-ignored`, and [`Engine::fresh`] fails if it is absent.

#![expect(
    clippy::unwrap_used,
    reason = "all of this crate runs in tests, where a panic is how a case fails"
)]
#![expect(missing_docs, reason = "a case's name is the sentence that must hold")]

pub mod accounts;
pub mod bus;
pub mod directory;
pub mod event_queue;
pub mod message_store;
pub mod ownership;
pub mod presence;
#[cfg(feature = "providers")]
pub mod providers;
pub mod push_sender;
pub mod queue_marks;
pub mod search_index;

mod conversation;
mod engine;
mod flaky;
mod listing;

pub use conversation::{Conversation, chat, time, user};
pub use engine::{
    AccountsEngine, BusEngine, DirectoryEngine, Engine, EventQueueEngine, MessageStoreEngine,
    OwnershipEngine, PresenceEngine, PushSenderEngine, QueueMarksEngine, SearchIndexEngine,
};
pub use flaky::{Call, Fault, Faults, Flaky, Moment, Odds};
pub use listing::run;
