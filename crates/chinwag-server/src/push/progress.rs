//! How far the queue is through, where records are through in any order.

use std::{collections::BTreeSet, sync::Arc};

use parking_lot::Mutex;

/// The records that were taken and what of them is through.
#[derive(Debug)]
pub(super) struct Progress {
    open: Arc<Mutex<BTreeSet<u64>>>,
    /// The last record taken.
    last: u64,
    /// Records taken, and how many were when each of the oldest open ones came, are bounded by this.
    held_at_most: u64,
}

/// A record that isn't through while somebody holds this.
#[derive(Debug)]
pub(super) struct Ticket {
    position: u64,
    open: Arc<Mutex<BTreeSet<u64>>>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.open.lock().remove(&self.position);
    }
}

impl Progress {
    /// Begins with nothing taken.
    pub(super) fn new(held_at_most: u64) -> Self {
        Self {
            open: Arc::default(),
            last: 0,
            held_at_most,
        }
    }

    /// Opens a record.
    pub(super) fn open(&mut self, position: u64) -> Arc<Ticket> {
        self.last = self.last.max(position);
        self.open.lock().insert(position);
        Arc::new(Ticket {
            position,
            open: Arc::clone(&self.open),
        })
    }

    /// Returns the position up to which everything is through; the oldest records count as through where too many
    /// came after them.
    pub(super) fn through(&self) -> u64 {
        let oldest = self.open.lock().first().copied();
        let through = oldest.map_or(self.last, |oldest| oldest - 1);
        through.max(self.last.saturating_sub(self.held_at_most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_through_when_nobody_holds_it_and_those_before_are() {
        let mut progress = Progress::new(100);
        let tickets: Vec<_> = [5, 7, 8].map(|position| progress.open(position)).into();
        let [five, seven, eight] = tickets.try_into().unwrap();
        let held_twice = Arc::clone(&five);
        drop(seven);
        assert_eq!(progress.through(), 4);
        drop(five);
        assert_eq!(progress.through(), 4);
        drop(held_twice);
        assert_eq!(progress.through(), 7);
        drop(eight);
        assert_eq!(progress.through(), 8);
    }

    #[test]
    fn a_record_that_takes_for_ever_does_not_hold_the_queue_for_ever() {
        let mut progress = Progress::new(100);
        let _held = progress.open(5);
        drop(progress.open(105));
        assert_eq!(progress.through(), 5);
        drop(progress.open(300));
        assert_eq!(progress.through(), 200);
    }
}
