//! What should not have happened: a run with any of it shows no figure.

use serde::{Deserialize, Serialize};

/// How many are told in words; the rest is counted.
const TOLD: usize = 20;

/// What should not have happened.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Faults {
    /// How many there were.
    pub(super) count: u64,
    /// The first ones, in words.
    pub(super) told: Vec<String>,
}

impl Faults {
    /// Notes one.
    pub(super) fn note(&mut self, what: impl FnOnce() -> String) {
        self.count += 1;
        if self.told.len() < TOLD {
            self.told.push(what());
        }
    }

    /// Takes those of another.
    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        let room = TOLD - self.told.len();
        self.told.extend(other.told.into_iter().take(room));
    }
}
