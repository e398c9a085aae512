//! The event queue on Kafka: one topic for each group, keyed by chat.
//!
//! - A record is acknowledged by all in-sync replicas before it counts as queued; the producer is idempotent, so that a
//!   repetition of its own neither doubles nor reorders.
//! - A group's topic holds its records and no other's: nobody reads what isn't for them, and how far a group is behind is
//!   what Kafka says.
//! - Consumers commit after the effect. A rebalance takes only the partitions that change hands (cooperative); what was
//!   taken from them and not acknowledged comes again, to whoever has them then.
//! - While Kafka is away publishing fails at once, since live delivery waits behind it; the log's marks say what to queue
//!   again.

mod client;
mod connecting;
mod consumer;
mod deliveries;
mod examine;
mod lag;
mod options;
mod outstanding;
mod producer;
mod queue;
mod record;

pub use connecting::ConnectError;
pub use examine::examine;
pub use options::Options;
pub use queue::KafkaQueue;
