//! The real binary by a configuration file, on a real Cassandra, Redis, Kafka and
//! OpenSearch (`make engines-up ENGINES="cassandra redis redis-cluster kafka opensearch"`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../end_to_end/answered.rs"]
mod answered;
mod balanced;
mod balancer;
mod chatting;
mod door;
#[path = "../../../chinwag-backends/tests/engine_process/mod.rs"]
mod engine_process;
mod examining;
mod field_faults;
mod holding;
mod importing;
mod keyspace;
mod moving;
mod pair;
mod place;
mod proving;
mod refusing;
mod restarting;
mod roles;
mod search_engine;
mod searching;
mod sharing;
#[path = "../field_faults/signs.rs"]
mod signs;
mod socket;
#[path = "../end_to_end/tokens.rs"]
mod tokens;
mod withholding;
