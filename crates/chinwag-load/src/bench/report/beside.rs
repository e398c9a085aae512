//! What some felt of what others did.

use serde::Serialize;

use crate::bench::latency::Percentiles;

/// What those who are measured felt while others disturbed them.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Beside {
    /// What was done meanwhile.
    pub name: &'static str,
    /// How often that took hold.
    pub attempts: u64,
    /// The most of the server's memory that was seen meanwhile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_bytes: Option<u64>,
    /// From when a message was due to its acknowledgement.
    pub ack: Percentiles,
    /// Its median by that of those who were alone.
    pub ack_p50_ratio: f64,
    /// Its 99th percentile by theirs.
    pub ack_p99_ratio: f64,
    /// From when a message was due to its delivery.
    pub delivery: Percentiles,
    /// Its median by that of those who were alone.
    pub delivery_p50_ratio: f64,
    /// Its 99th percentile by theirs.
    pub delivery_p99_ratio: f64,
}
