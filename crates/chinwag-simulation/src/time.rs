//! The simulation's time, and the nodes' clocks, which may be wrong.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use chinwag_core::Clock;
use chinwag_proto::Timestamp;

/// When it begins, milliseconds since 1970.
pub(crate) const BEGIN: i64 = 1_800_000_000_000;
/// What passes at once: no two machines hear of each other sooner.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The time since the beginning, the same for all.
#[derive(Debug, Default)]
pub(crate) struct Time(AtomicU64);

impl Time {
    pub(crate) fn elapsed(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn tick(&self) {
        let millis = u64::try_from(TICK.as_millis()).unwrap_or_default();
        self.0.fetch_add(millis, Ordering::SeqCst);
    }
}

/// A machine's clock.
#[derive(Debug)]
pub(crate) struct MachineClock {
    time: Arc<Time>,
    off_by_ms: AtomicI64,
    correction_ms: AtomicI64,
    /// For how long the machine believes that time stood still: a planted fault.
    missed_ms: AtomicU64,
}

impl MachineClock {
    pub(crate) fn new(time: &Arc<Time>) -> Self {
        Self {
            time: Arc::clone(time),
            off_by_ms: 0.into(),
            correction_ms: 0.into(),
            missed_ms: 0.into(),
        }
    }

    /// Sets the wall clock wrong, or right.
    pub(crate) fn set_off_by(&self, millis: i64) {
        self.off_by_ms.store(millis, Ordering::SeqCst);
    }

    /// Lets the machine not notice some time.
    pub(crate) fn miss(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or_default();
        self.missed_ms.fetch_add(millis, Ordering::SeqCst);
    }
}

impl Clock for MachineClock {
    fn shown(&self) -> Timestamp {
        let elapsed = i64::try_from(self.time.elapsed().as_millis()).unwrap_or_default();
        Timestamp::from_unix_millis(BEGIN + elapsed + self.off_by_ms.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        let missed = Duration::from_millis(self.missed_ms.load(Ordering::SeqCst));
        self.time.elapsed() - missed
    }

    fn correction_ms(&self) -> i64 {
        self.correction_ms.load(Ordering::SeqCst)
    }

    fn correct(&self, by_ms: i64) {
        self.correction_ms.store(by_ms, Ordering::SeqCst);
    }
}
