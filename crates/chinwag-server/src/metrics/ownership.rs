//! What a node owns and by which clock it goes, as Prometheus reads it.

use std::sync::{Arc, Weak};

use chinwag_core::{Clock, owner::Owner};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Unit,
};

/// How many shards the node owns, and by how much its time differs from its machine's clock.
pub struct Ownership {
    /// Whose shards; not held, since the owner's node holds the page that this stands on.
    pub owner: Weak<Owner>,
    /// The node's clock.
    pub clock: Arc<dyn Clock>,
}

impl Ownership {
    fn shards(&self) -> usize {
        self.owner.upgrade().map_or(0, |owner| owner.shards())
    }
}

impl std::fmt::Debug for Ownership {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ownership")
            .field("shards", &self.shards())
            .field("correction_ms", &self.clock.correction_ms())
            .finish()
    }
}

impl Collector for Ownership {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let gauge = encoder.encode_descriptor(
            "shards",
            "Shards of 1024 that this node owns",
            None,
            MetricType::Gauge,
        )?;
        let shards = i64::try_from(self.shards()).unwrap_or(i64::MAX);
        ConstGauge::new(shards).encode(gauge)?;
        let gauge = encoder.encode_descriptor(
            "clock_correction",
            "By how much the other nodes' time, by which this one goes, is ahead of its machine's clock",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        #[expect(clippy::cast_precision_loss, reason = "it is told to the millisecond")]
        let seconds = self.clock.correction_ms() as f64 / 1_000.0;
        ConstGauge::new(seconds).encode(gauge)
    }
}
