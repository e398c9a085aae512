//! How long things took: histograms that can be sent, merged and read.

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The digits that a time is exact to.
const DIGITS: u8 = 3;
/// The longest time told apart, nanoseconds: ten minutes.
const LONGEST: u64 = 600_000_000_000;

/// Counts times, in nanoseconds.
pub(super) struct Latency(Histogram<u64>);

/// How often each time was counted, in a form that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Counts(Vec<(u64, u64)>);

/// What people read of many times.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Percentiles {
    /// How many were counted.
    pub count: u64,
    /// The median, milliseconds.
    pub p50_ms: f64,
    /// Nine in ten took no longer, milliseconds.
    pub p90_ms: f64,
    /// 99 of 100 took no longer, milliseconds.
    pub p99_ms: f64,
    /// 999 of 1,000 took no longer, milliseconds.
    pub p999_ms: f64,
    /// The longest, milliseconds.
    pub max_ms: f64,
}

impl Latency {
    /// Makes an empty one.
    pub(super) fn new() -> Self {
        let histogram = Histogram::new_with_bounds(1_000, LONGEST, DIGITS);
        Self(histogram.expect("the bounds and digits are such as the library takes"))
    }

    /// Counts a time; what is longer than the longest counts as that.
    pub(super) fn record(&mut self, nanos: u64) {
        self.0.saturating_record(nanos);
    }

    /// Adds what another process counted.
    pub(super) fn add(&mut self, counts: &Counts) -> Result<()> {
        for (value, count) in &counts.0 {
            self.0.record_n(*value, *count)?;
        }
        Ok(())
    }

    /// Returns it in a form that can be sent.
    pub(super) fn counts(&self) -> Counts {
        let recorded = self.0.iter_recorded();
        Counts(
            recorded
                .map(|step| (step.value_iterated_to(), step.count_since_last_iteration()))
                .collect(),
        )
    }

    /// Returns what people read; none where nothing was counted.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let millis = |nanos: u64| nanos as f64 / 1e6;
        let at = |quantile| millis(self.0.value_at_quantile(quantile));
        (!self.0.is_empty()).then(|| Percentiles {
            count: self.0.len(),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p99_ms: at(0.99),
            p999_ms: at(0.999),
            max_ms: millis(self.0.max()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_processes_counted_is_what_one_would_have() {
        let (mut one, mut other, mut both) = (Latency::new(), Latency::new(), Latency::new());
        for nanos in (1..=1_000).map(|n| n * 1_000_000) {
            let half = if nanos % 2_000_000 == 0 {
                &mut one
            } else {
                &mut other
            };
            half.record(nanos);
            both.record(nanos);
        }
        let mut merged = Latency::new();
        merged.add(&one.counts()).unwrap();
        merged.add(&other.counts()).unwrap();
        assert_eq!(merged.percentiles(), both.percentiles());
        let read = merged.percentiles().unwrap();
        assert_eq!(read.count, 1_000);
        for (told, exact) in [
            (read.p50_ms, 500.0),
            (read.p99_ms, 990.0),
            (read.max_ms, 1_000.0),
        ] {
            assert!(
                (told - exact).abs() / exact < 0.002,
                "{told} is not {exact}"
            );
        }
        assert_eq!(Latency::new().percentiles(), None);
    }
}
