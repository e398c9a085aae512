//! The clock that all processes of a run share.

use rustix::time::{ClockId, clock_gettime};

/// A second in nanoseconds.
pub(crate) const SECOND: u64 = 1_000_000_000;
/// A millisecond in nanoseconds.
pub(crate) const MILLISECOND: u64 = 1_000_000;

/// Returns nanoseconds of `CLOCK_MONOTONIC`, which is one and the same in every process of a machine.
pub(crate) fn now() -> u64 {
    read(ClockId::Monotonic)
}

/// Returns the nanoseconds of processor time that the calling thread has used.
pub(crate) fn thread_cpu() -> u64 {
    read(ClockId::ThreadCPUTime)
}

/// Returns the wall clock's milliseconds since 1970.
pub(crate) fn wall_millis() -> u64 {
    read(ClockId::Realtime) / MILLISECOND
}

fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    part(time.tv_sec) * SECOND + part(time.tv_nsec)
}
