//! When the next message is due, however long the ones before it take.

use crate::clock::SECOND;

/// Gives out the times at which messages are due, evenly.
///
/// A time that passed while the generator or the server stood still is given out all the same: a stall counts for
/// every message that was due in it, not only for those that happened to be on their way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pacer {
    begin: u64,
    until: u64,
    per_second: f64,
    given: u64,
}

impl Pacer {
    /// Makes one that gives so many times a second, from `begin` and before `until`.
    pub(super) fn new(begin: u64, until: u64, per_second: f64) -> Self {
        Self {
            begin,
            until,
            per_second,
            given: 0,
        }
    }

    /// Returns when the next message is due; none after the end.
    pub(super) fn due(&self) -> Option<u64> {
        let after = self.given as f64 / self.per_second * SECOND as f64;
        let due = self.begin.saturating_add(after as u64);
        (self.per_second > 0.0 && due < self.until).then_some(due)
    }

    /// Takes the next time if it has come, with its number from 0 on.
    pub(super) fn take(&mut self, now: u64) -> Option<(u64, u64)> {
        let due = self.due().filter(|due| *due <= now)?;
        self.given += 1;
        Some((self.given - 1, due))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_due_during_a_stall_is_due_at_its_own_time() {
        let mut pacer = Pacer::new(5 * SECOND, 6 * SECOND, 10.0);
        assert_eq!(pacer.take(5 * SECOND - 1), None);
        assert_eq!(pacer.take(5 * SECOND), Some((0, 5 * SECOND)));
        assert_eq!(pacer.take(5 * SECOND), None);
        let stalled = 9 * SECOND;
        let late: Vec<_> = std::iter::from_fn(|| pacer.take(stalled)).collect();
        assert_eq!(late.len(), 9);
        assert_eq!(late[8], (9, 5 * SECOND + 9 * SECOND / 10));
        assert_eq!(pacer.due(), None);
    }

    #[test]
    fn nothing_is_due_at_no_rate() {
        assert_eq!(Pacer::new(0, SECOND, 0.0).due(), None);
    }
}
