//! Presence and the bus on Redis or Valkey: one server, or a Redis Cluster with sharded Pub/Sub.
//!
//! - Every key and channel ends in one hash tag, so that what belongs together lies in one slot. Which node holds a slot
//!   is known here ([`nodes`]): commands for many keys become one pipeline a node, and a subscription listens to each
//!   node that holds one of its topics.
//! - While a node is away every call that needs it fails at once, and connections come back by themselves.
//! - What is kept here may be lost as a whole: the gateways write presence again, and the bus tells a gap.

mod bus;
mod connecting;
mod error;
mod examine;
mod keys;
mod link;
mod nodes;
mod options;
mod presence;
mod script;
mod slots;

pub use bus::RedisBus;
pub use connecting::{ConnectError, Redis};
pub use examine::examine;
pub use options::Options;
pub use presence::RedisPresence;
