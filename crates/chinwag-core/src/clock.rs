//! Time, injected: what decides by a clock takes one, so that tests can hold it.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use chinwag_proto::Timestamp;

/// Tells the time.
///
/// `now` may step, also back; `elapsed` never does and goes on while the machine sleeps.
pub trait Clock: Send + Sync + 'static {
    /// Returns the wall-clock time: what the machine's clock shows, corrected.
    fn now(&self) -> Timestamp {
        self.shown().plus_millis(self.correction_ms())
    }

    /// Returns what the machine's own clock shows: what other nodes are told.
    fn shown(&self) -> Timestamp;

    /// Returns the time since some fixed moment of this process, by a clock that never steps.
    fn elapsed(&self) -> Duration;

    /// Returns by how much `now` differs from what the machine's own clock shows, in milliseconds.
    fn correction_ms(&self) -> i64;

    /// Lets `now` differ by so much from here on: the other nodes agree on another time (rule I2).
    fn correct(&self, by_ms: i64);
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    begin: Duration,
    /// By how much it is wrong on purpose, milliseconds.
    off_by_ms: i64,
    correction_ms: AtomicI64,
}

impl SystemClock {
    /// Returns one whose wall clock is off by so many milliseconds: what a clock that is set wrong does to a server can
    /// be tried so.
    #[must_use]
    pub fn off_by(off_by_ms: i64) -> Self {
        Self {
            off_by_ms,
            ..Self::default()
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            begin: since_boot(),
            off_by_ms: 0,
            correction_ms: AtomicI64::new(0),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is injected"
    )]
    fn shown(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_millis(millis.saturating_add(self.off_by_ms))
    }

    fn elapsed(&self) -> Duration {
        since_boot().saturating_sub(self.begin)
    }

    fn correction_ms(&self) -> i64 {
        self.correction_ms.load(Ordering::Relaxed)
    }

    fn correct(&self, by_ms: i64) {
        self.correction_ms.store(by_ms, Ordering::Relaxed);
    }
}

/// Returns the time since the machine started, that in which it slept included: a lease ends then too.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::try_from(now).unwrap_or_default()
}

/// Returns the time since this process first asked; elsewhere the system's clock says whether sleep is part of it.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    static BEGIN: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    BEGIN.get_or_init(std::time::Instant::now).elapsed()
}

/// A clock that stands until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: AtomicI64,
    elapsed_ms: AtomicU64,
    correction_ms: AtomicI64,
}

impl ManualClock {
    /// Makes a clock that shows a time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: now.unix_millis().into(),
            elapsed_ms: 0.into(),
            correction_ms: 0.into(),
        }
    }

    /// Lets both clocks go on.
    pub fn advance(&self, millis: u64) {
        let step = i64::try_from(millis).unwrap_or(i64::MAX);
        self.now.fetch_add(step, Ordering::SeqCst);
        self.elapsed_ms.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the wall clock alone: a step, also back.
    pub fn step_to(&self, now: Timestamp) {
        self.now.store(now.unix_millis(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn shown(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.now.load(Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(Ordering::SeqCst))
    }

    fn correction_ms(&self) -> i64 {
        self.correction_ms.load(Ordering::SeqCst)
    }

    fn correct(&self, by_ms: i64) {
        self.correction_ms.store(by_ms, Ordering::SeqCst);
    }
}
