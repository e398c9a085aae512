//! One kind of thing that a run did, and how long it took.

use serde::Serialize;

use crate::bench::{
    latency::{CurvePoint, Percentiles},
    timeline::Slice,
};

/// One kind of thing that a run did.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// What it is.
    pub name: &'static str,
    /// How many were due a second.
    pub per_second: f64,
    /// From when each was due to its end.
    pub times: Percentiles,
    /// The same as the run went on; empty where only the whole was measured.
    pub timeline: Vec<Slice>,
    /// The percentiles as a curve.
    pub curve: Vec<CurvePoint>,
}
