//! The event queue on a real Kafka (`make engines-up ENGINES=kafka`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod broker;
#[path = "../engine_process/mod.rs"]
mod engine_process;
mod fixture;
mod outages;
mod rebalancing;
mod starting;

use chinwag_conformance::conformance_tests;

use fixture::OnKafka;

conformance_tests!(#[ignore = "needs a Kafka: make conformance"] OnKafka: event_queue);
