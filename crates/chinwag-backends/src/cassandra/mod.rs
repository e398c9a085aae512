//! Cassandra (or ScyllaDB): `MessageStore`, `Directory`, `Accounts`, `Ownership` and `QueueMarks` of a cluster.
//!
//! - Whatever an owner writes carries a stamp of its own, `USING TIMESTAMP` term · 2^40 + place, so a late write of
//!   an earlier term loses wherever it lands ([`append`]). No row has a TTL, and no null is written.
//! - What follows from an event is written before the event's row, and counts only where the log holds that event
//!   ([`held`]): nobody becomes a member by an append that came to nothing.
//! - What an event changes in earlier rows is written after it, once its owner is known to own the chat still; whoever
//!   takes over undoes what is left of one that was cut short ([`amend`]).
//! - What nodes must agree on (leases, claims, accounts, registrations) is written by lightweight transactions alone,
//!   and read at SERIAL ([`agreed`]). None is on a message's way.
//! - Everything else is read and written at LOCAL_QUORUM, prepared, sent to a replica. A time-out says nothing: the
//!   write may have happened.

mod accounts;
mod agreed;
mod amend;
mod append;
mod chats;
mod connect;
mod cql;
mod devices;
mod directory;
mod error;
mod examine;
mod find_users;
mod held;
mod keys;
mod members;
mod message_store;
mod migrate;
mod options;
mod ownership;
mod pages;
mod purge;
mod queue_marks;
mod schema;
mod statements;
mod store;
mod users;

pub use error::OpenError;
pub use examine::{Examination, SeenNode, examine};
pub use options::{Options, Tls};
pub use store::Cassandra;
