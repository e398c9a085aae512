//! The search index on a real OpenSearch (`make engines-up ENGINES=opensearch`).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../certificate/mod.rs"]
mod certificate;
#[path = "../search/documents.rs"]
mod documents;
#[path = "../engine_process/mod.rs"]
mod engine_process;
mod fixture;
mod node;
mod outages;
mod random;
mod rebuilding;
mod starting;
#[path = "../search/steps.rs"]
mod steps;

use chinwag_conformance::conformance_tests;

use fixture::OnOpenSearch;

conformance_tests!(#[ignore = "needs an OpenSearch: make conformance"] OnOpenSearch: search_index);
