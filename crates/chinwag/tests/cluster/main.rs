//! The real binary by a configuration file, on a real Cassandra, Redis and Kafka
//! (`make engines-up ENGINES="cassandra redis kafka"`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chatting;
mod moving;
mod place;
mod refusing;
mod restarting;
mod sharing;
