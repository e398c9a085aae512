//! How long things took: histograms that can be sent, merged and read.

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// The digits that a time is exact to.
const DIGITS: u8 = 3;
/// The digits where many are kept side by side.
const COARSE_DIGITS: u8 = 2;
/// The longest time told apart, nanoseconds: ten minutes.
const LONGEST: u64 = 600_000_000_000;

/// Points of a curve for each halving of what is left above them.
const STEPS_A_HALVING: u32 = 4;

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

/// A point of a curve of percentiles.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CurvePoint {
    /// Which part of all took no longer, 0 to 1.
    pub quantile: f64,
    /// How long that is, milliseconds.
    pub ms: f64,
}

impl Latency {
    /// Makes an empty one.
    pub(super) fn new() -> Self {
        Self::of(DIGITS)
    }

    /// Makes an empty one that takes an eighth of the memory.
    pub(super) fn coarse() -> Self {
        Self::of(COARSE_DIGITS)
    }

    fn of(digits: u8) -> Self {
        let histogram = Histogram::new_with_bounds(1_000, LONGEST, digits);
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

    /// Returns the curve of its percentiles; empty where nothing was counted.
    pub(super) fn curve(&self) -> Vec<CurvePoint> {
        let steps = self.0.iter_quantiles(STEPS_A_HALVING);
        let mut curve: Vec<CurvePoint> = Vec::new();
        for step in steps {
            let point = CurvePoint {
                quantile: step.quantile_iterated_to(),
                ms: step.value_iterated_to() as f64 / 1e6,
            };
            if curve.last() != Some(&point) {
                curve.push(point);
            }
        }
        curve
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
    fn a_curve_rises_from_the_median_to_the_longest() {
        let mut latency = Latency::new();
        (1..=1_000).for_each(|n| latency.record(n * 1_000_000));
        let curve = latency.curve();
        assert!(curve.is_sorted_by_key(|point| point.quantile));
        assert!(curve.is_sorted_by_key(|point| point.ms));
        let near = |quantile: f64| {
            let above = curve.iter().find(|point| point.quantile >= quantile);
            above.unwrap().ms
        };
        assert!((near(0.5) - 500.0).abs() < 5.0, "{curve:?}");
        assert!((near(0.99) - 990.0).abs() < 5.0, "{curve:?}");
        assert!((curve.last().unwrap().ms - 1_000.0).abs() < 2.0);
        assert_eq!(Latency::new().curve(), []);
    }

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
