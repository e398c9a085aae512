//! What goes wrong where nodes and engines run, each fault on the real binary and the real engines, judged by the
//! checker of histories (`make engines-up ENGINES="cassandra redis kafka"`, and an OpenSearch installed; an engine that a test stops is its own).
//!
//! `SOAK=1` lets faults last as long as in the field; else as long as shows the same.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod cassandra;
mod clocks;
#[path = "../../../chinwag-backends/tests/engine_process/mod.rs"]
mod engine_process;
mod engines;
mod fixture;
mod frozen;
mod kafka;
#[path = "../cluster/keyspace.rs"]
mod keyspace;
mod killed;
mod lossy;
mod normal_build;
mod opensearch;
mod redis;
mod site;

#[path = "../end_to_end/answered.rs"]
mod answered;
#[path = "../end_to_end/load.rs"]
#[expect(dead_code, reason = "the end-to-end tests need more of it")]
mod load;
#[path = "../cluster/place.rs"]
#[expect(dead_code, reason = "the cluster's tests need more of it")]
mod place;
#[path = "../end_to_end/proxy.rs"]
#[expect(dead_code, reason = "the end-to-end tests need more of it")]
mod proxy;
#[path = "../end_to_end/reading.rs"]
mod reading;
#[path = "../end_to_end/recorded.rs"]
#[expect(dead_code, reason = "the end-to-end tests need more of it")]
mod recorded;
#[path = "../cluster/search_engine.rs"]
#[expect(dead_code, reason = "the cluster's tests need more of it")]
mod search_engine;
#[path = "../end_to_end/tokens.rs"]
mod tokens;
