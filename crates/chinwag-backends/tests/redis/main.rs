//! Presence and the bus on a real Redis and a real Redis Cluster (`make engines-up ENGINES="redis redis-cluster"`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bus_faults;
#[path = "../certificate/mod.rs"]
mod certificate;
mod encrypted;
#[path = "../engine_process/mod.rs"]
mod engine_process;
mod fixture;
mod moving;
mod presence_faults;
mod server;
mod starting;

use chinwag_conformance::conformance_tests;

mod single {
    use super::{fixture::Single, *};

    conformance_tests!(#[ignore = "needs a Redis: make conformance"] Single: presence, bus);
}

mod cluster {
    use super::{fixture::Cluster, *};

    conformance_tests!(#[ignore = "needs a Redis Cluster: make conformance"] Cluster: presence, bus);
}
