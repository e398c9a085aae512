//! Time, injected: what decides by a clock takes one, so that tests can hold it.

use std::time::Duration;

use chinwag_proto::Timestamp;

/// Tells the time.
///
/// `now` may step, also back; `elapsed` never does and goes on while the machine sleeps.
pub trait Clock: Send + Sync + 'static {
    /// Returns the wall-clock time.
    fn now(&self) -> Timestamp;

    /// Returns the time since some fixed moment of this process, by a clock that never steps.
    fn elapsed(&self) -> Duration;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(std::time::Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(std::time::Instant::now())
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that is injected"
    )]
    fn now(&self) -> Timestamp {
        let since_1970 = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap_or_default();
        let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_unix_millis(millis.saturating_add(offset_ms()))
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(not(feature = "failpoints"))]
fn offset_ms() -> i64 {
    0
}

/// Returns by how much a test shifts this process's wall clock.
#[cfg(feature = "failpoints")]
fn offset_ms() -> i64 {
    static OFFSET_MS: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
    *OFFSET_MS.get_or_init(|| {
        let named = std::env::var("CLOCK_OFFSET_MS");
        named.ok().map_or(0, |offset| {
            offset
                .parse()
                .expect("a test shifts a clock by milliseconds")
        })
    })
}

/// A clock that stands until a test moves it.
#[derive(Debug)]
pub struct ManualClock {
    now: std::sync::atomic::AtomicI64,
    elapsed_ms: std::sync::atomic::AtomicU64,
}

impl ManualClock {
    /// Makes a clock that shows a time.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: now.unix_millis().into(),
            elapsed_ms: 0.into(),
        }
    }

    /// Lets both clocks go on.
    pub fn advance(&self, millis: u64) {
        use std::sync::atomic::Ordering::SeqCst;
        self.now
            .fetch_add(i64::try_from(millis).unwrap_or(i64::MAX), SeqCst);
        self.elapsed_ms.fetch_add(millis, SeqCst);
    }

    /// Sets the wall clock alone: a step, also back.
    pub fn step_to(&self, now: Timestamp) {
        self.now
            .store(now.unix_millis(), std::sync::atomic::Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.now.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.elapsed_ms.load(std::sync::atomic::Ordering::SeqCst))
    }
}
