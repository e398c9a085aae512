//! What the gateway counts, as Prometheus reads it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeMetric as _},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
};

use crate::gateway::GatewayCounts;

/// The gateway's counts.
#[derive(Debug)]
pub struct Sessions(pub Arc<GatewayCounts>);

impl Collector for Sessions {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> std::fmt::Result {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let sessions = i64::try_from(read(&self.0.sessions)).unwrap_or(i64::MAX);
        let gauge = encoder.encode_descriptor(
            "connections",
            "Sessions that stand",
            None,
            MetricType::Gauge,
        )?;
        ConstGauge::new(sessions).encode(gauge)?;
        let counters = [
            (
                "frames_received",
                "Frames that came from clients",
                &self.0.frames_in,
            ),
            (
                "deliveries",
                "Events delivered to sessions",
                &self.0.deliveries,
            ),
            (
                "dropped_frames",
                "Frames dropped because a client was slow",
                &self.0.dropped,
            ),
        ];
        for (name, help, count) in counters {
            let counter = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            ConstCounter::new(read(count)).encode(counter)?;
        }
        Ok(())
    }
}
