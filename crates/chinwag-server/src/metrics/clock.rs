//! By which clock the node goes, as Prometheus reads it.

use std::sync::Arc;

use chinwag_core::Clock;
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, gauge::ConstGauge},
    registry::Unit,
};

/// By how much the node's time differs from its machine's clock.
pub struct Correction(pub Arc<dyn Clock>);

impl std::fmt::Debug for Correction {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Correction")
            .field(&self.0.correction_ms())
            .finish()
    }
}

impl Collector for Correction {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let gauge = encoder.encode_descriptor(
            "clock_correction",
            "By how much the other nodes' time, by which this one goes, is ahead of its machine's clock",
            Some(&Unit::Seconds),
            MetricType::Gauge,
        )?;
        #[expect(clippy::cast_precision_loss, reason = "it is told to the millisecond")]
        let seconds = self.0.correction_ms() as f64 / 1_000.0;
        ConstGauge::new(seconds).encode(gauge)
    }
}
