//! What is stored and decided about: rows, members, intervals, shards.

pub mod account;
pub mod chat;
pub mod intervals;
pub mod row;
pub mod shard;

pub use account::{ApiKey, DeviceRow, EndedToken, UserRow};
pub use chat::{ChatRow, MarkRow, MemberRow, Membership, Place, PreferencesRow};
pub use intervals::{Interval, Intervals};
pub use row::{Deletion, LogRow, RowBody, StoredMessage};
pub use shard::{NodeId, SHARDS, Shard, Term};
