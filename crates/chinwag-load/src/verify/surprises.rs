//! What should not have happened, beside what the history shows: refusals that users see, answers that don't come.

use parking_lot::Mutex;
use serde::Serialize;

/// How many are told in words; the rest is counted.
const TOLD: usize = 20;

/// What nobody expected, as it came.
#[derive(Default)]
pub(super) struct Surprises(Mutex<Surprised>);

/// What nobody expected.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Surprised {
    /// How often.
    pub count: u64,
    /// The first ones, in words.
    pub told: Vec<String>,
}

impl Surprises {
    /// Notes one.
    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        let mut surprised = self.0.lock();
        surprised.count += 1;
        if surprised.told.len() < TOLD {
            surprised.told.push(what());
        }
    }

    /// Returns all that came.
    pub(super) fn all(&self) -> Surprised {
        self.0.lock().clone()
    }
}
