//! How long things took as a run went on: one small histogram for each slice of the measured time.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::latency::{Counts, Latency, Percentiles};
use crate::clock::{MILLISECOND, SECOND};

/// Slices of a run at most: as many as a plot has room for, whatever the run's length.
const SLICES: u64 = 120;
/// The shortest slice.
const SHORTEST: u64 = 250 * MILLISECOND;

/// Counts times by when what they belong to was due.
#[derive(Default)]
pub(super) struct Timeline {
    begin: u64,
    slice: u64,
    slices: Vec<Latency>,
}

/// The counts of each slice, in a form that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct SliceCounts {
    slice: u64,
    slices: Vec<Counts>,
}

/// What people read of one slice.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// When it begins, seconds from the beginning of what is measured.
    pub at: f64,
    /// How long it is, seconds.
    pub seconds: f64,
    /// How long what was due in it took.
    #[serde(flatten)]
    pub times: Percentiles,
}

impl Timeline {
    /// Makes an empty one for what is due in a window of time.
    pub(super) fn new(begin: u64, until: u64) -> Self {
        Self {
            begin,
            slice: (until.saturating_sub(begin) / SLICES).max(SHORTEST),
            slices: Vec::new(),
        }
    }

    /// Counts a time of something that was due within the window.
    pub(super) fn record(&mut self, due: u64, nanos: u64) {
        let nth = due.saturating_sub(self.begin) / self.slice.max(1);
        let nth = usize::try_from(nth.min(SLICES - 1)).unwrap_or_default();
        if self.slices.len() <= nth {
            self.slices.resize_with(nth + 1, Latency::coarse);
        }
        self.slices[nth].record(nanos);
    }

    /// Returns it in a form that can be sent.
    pub(super) fn counts(&self) -> SliceCounts {
        SliceCounts {
            slice: self.slice,
            slices: self.slices.iter().map(Latency::counts).collect(),
        }
    }
}

/// Puts together what several processes counted; all had the same window.
pub(super) fn merged<'a>(all: impl Iterator<Item = &'a SliceCounts>) -> Result<Vec<Slice>> {
    let (mut slices, mut length) = (Vec::<Latency>::new(), 0);
    for counts in all.filter(|counts| !counts.slices.is_empty()) {
        length = counts.slice;
        if slices.len() < counts.slices.len() {
            slices.resize_with(counts.slices.len(), Latency::coarse);
        }
        for (slice, counts) in slices.iter_mut().zip(&counts.slices) {
            slice.add(counts)?;
        }
    }
    let seconds = length as f64 / SECOND as f64;
    let read = |(nth, slice): (usize, &Latency)| {
        Some(Slice {
            at: nth as f64 * seconds,
            seconds,
            times: slice.percentiles()?,
        })
    };
    Ok(slices.iter().enumerate().filter_map(read).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stall_shows_where_it_was_whichever_process_saw_it() {
        let mut one = Timeline::new(10 * SECOND, 20 * SECOND);
        let mut other = Timeline::new(10 * SECOND, 20 * SECOND);
        for tenth in 0..100 {
            let due = 10 * SECOND + tenth * SECOND / 10;
            one.record(due, MILLISECOND);
            let stalled = (40..50).contains(&tenth);
            other.record(due, if stalled { SECOND } else { MILLISECOND });
        }
        let slices = merged([one.counts(), other.counts()].iter()).unwrap();
        let slow: Vec<f64> = slices
            .iter()
            .filter(|slice| slice.times.max_ms > 500.0)
            .map(|slice| slice.at)
            .collect();
        assert_eq!(slow, [4.0, 4.25, 4.5, 4.75]);
        let count: u64 = slices.iter().map(|slice| slice.times.count).sum();
        assert_eq!(count, 200);
    }

    #[test]
    fn a_long_run_has_no_more_slices_than_a_plot_has_room_for() {
        let mut long = Timeline::new(0, 86_400 * SECOND);
        for hour in 0..24 {
            long.record(hour * 3_600 * SECOND, MILLISECOND);
        }
        long.record(86_400 * SECOND - 1, MILLISECOND);
        assert_eq!(long.counts().slices.len(), 120);
    }
}
