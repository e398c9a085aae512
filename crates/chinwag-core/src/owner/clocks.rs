//! By which clock a node goes: its own, or that of most of the others where its own is wrong (rule I2).

use std::collections::{HashMap, VecDeque};

use crate::{Clock, model::NodeId};

/// A clock that differs by less isn't wrong, in milliseconds.
const TOLERATED_MS: i64 = 1_000;
/// How long a renewal may be on its way to those who read it; one that is on its way for longer shows itself by the others.
const ON_ITS_WAY_MS: i64 = 1_000;
/// The last renewals that say how far a clock is.
const SIGHTINGS: usize = 5;
/// With fewer nodes nobody can say whose clock is wrong.
const ENOUGH: usize = 3;

/// By how much another node's clock is ahead of this machine's, in milliseconds: between these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ahead {
    at_least: i64,
    at_most: i64,
}

impl Ahead {
    /// What is known of this machine's own.
    const OWN: Self = Self {
        at_least: 0,
        at_most: 0,
    };

    /// Returns the value nearest to another one.
    fn nearest_to(self, ms: i64) -> i64 {
        ms.max(self.at_least).min(self.at_most.max(self.at_least))
    }
}

/// What renewals told of the other nodes' clocks.
#[derive(Debug, Default)]
pub(super) struct Clocks {
    sightings: HashMap<NodeId, VecDeque<Ahead>>,
    /// Whose clock was last told to be another one than this machine's.
    disagreed: Option<NodeId>,
}

impl Clocks {
    /// Takes in what a node's clock showed at a renewal that wasn't there yet at one look and was at the next, each by this
    /// machine's clock.
    pub(super) fn saw(&mut self, node: NodeId, told_ms: i64, not_yet_ms: i64, there_ms: i64) {
        let sightings = self.sightings.entry(node).or_default();
        if sightings.len() == SIGHTINGS {
            sightings.pop_front();
        }
        sightings.push_back(Ahead {
            at_least: told_ms - there_ms,
            at_most: told_ms - not_yet_ms + ON_ITS_WAY_MS,
        });
    }

    /// Forgets a node that lives no more, or what its last process told.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.sightings.remove(&node);
    }

    /// Lets the clock go by the others' time where this machine's is wrong.
    pub(super) fn set(&mut self, clock: &dyn Clock) {
        let now_ms = clock.correction_ms();
        match self.correction(now_ms) {
            Some(by_ms) if by_ms != now_ms => {
                clock.correct(by_ms);
                if by_ms == 0 {
                    tracing::info!("this machine's clock is right again: this node goes by it");
                } else {
                    tracing::warn!(
                        by_ms,
                        "this machine's clock is wrong: this node goes by the other nodes' time; set it right"
                    );
                }
            }
            Some(_) => {}
            None => {
                let disagrees = self.disagrees();
                if disagrees != self.disagreed
                    && let Some(NodeId(node)) = disagrees
                {
                    tracing::warn!(
                        node,
                        "this machine's clock and another node's differ by more than a second, and a third one is \
                         missing that could say which is wrong; set it right"
                    );
                }
                self.disagreed = disagrees;
            }
        }
    }

    /// Returns by how much this machine's clock is to be corrected, given by how much it is: only what is certainly wrong
    /// is changed. None where too few nodes live to say.
    fn correction(&self, now_ms: i64) -> Option<i64> {
        if self.sightings.len() + 1 < ENOUGH {
            return None;
        }
        let median = self.median();
        let nearest = median.nearest_to(now_ms);
        Some(if (nearest - now_ms).abs() <= TOLERATED_MS {
            now_ms
        } else {
            median.nearest_to(0)
        })
    }

    /// Returns a node whose clock certainly isn't this machine's.
    fn disagrees(&self) -> Option<NodeId> {
        let mut known = self
            .sightings
            .iter()
            .map(|(node, all)| (*node, narrowest(all)));
        let found = known.find(|(_, ahead)| ahead.nearest_to(0).abs() > TOLERATED_MS);
        found.map(|(node, _)| node)
    }

    /// Returns how far the clock in the middle is, this machine's among them: of an even number the lower one.
    fn median(&self) -> Ahead {
        let known = self.sightings.values().map(narrowest);
        let known: Vec<Ahead> = known.chain([Ahead::OWN]).collect();
        let middle = |bound: fn(&Ahead) -> i64| {
            let mut bounds: Vec<i64> = known.iter().map(bound).collect();
            bounds.sort_unstable();
            bounds[(bounds.len() - 1) / 2]
        };
        Ahead {
            at_least: middle(|ahead| ahead.at_least),
            at_most: middle(|ahead| ahead.at_most),
        }
    }
}

/// Returns what all sightings say together.
fn narrowest(sightings: &VecDeque<Ahead>) -> Ahead {
    let at_least = sightings.iter().map(|ahead| ahead.at_least).max();
    let at_most = sightings.iter().map(|ahead| ahead.at_most).min();
    let (at_least, at_most) = (at_least.unwrap_or_default(), at_most.unwrap_or_default());
    Ahead {
        at_least,
        // A clock that stepped between two sightings: it is known again once the older ones are gone.
        at_most: at_most.max(at_least),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes whose clocks are ahead by so much, each seen to renew three times.
    fn others(ahead: &[i64]) -> Clocks {
        let mut clocks = Clocks::default();
        for (node, ahead) in (1..).map(NodeId).zip(ahead) {
            for (renewed, late) in [(10_000, 30), (13_000, 700), (16_000, 450)] {
                let there = renewed + late;
                clocks.saw(node, renewed + ahead, there - 1_000, there);
            }
        }
        clocks
    }

    #[test]
    fn a_clock_that_is_wrong_goes_by_the_others() {
        for off in [300_000, -300_000] {
            let clocks = others(&[off, off + 40, off - 20]);
            let correction = clocks.correction(0).unwrap();
            assert!((correction - off).abs() < 1_500, "{correction}");
            // And stays so: nothing moves while nothing is known to be wrong.
            assert_eq!(clocks.correction(correction), Some(correction));
        }
    }

    #[test]
    fn another_ones_wrong_clock_changes_nothing() {
        for off in [300_000, -300_000] {
            assert_eq!(others(&[off, 40]).correction(0), Some(0));
            assert_eq!(others(&[off, -90, 40]).correction(0), Some(0));
            assert_eq!(others(&[off, -90, off, 40]).correction(0), Some(0));
        }
        assert_eq!(others(&[900, 800, 700]).correction(0), Some(0));
    }

    #[test]
    fn a_clock_that_was_set_right_goes_by_itself_again() {
        assert_eq!(others(&[20, -20]).correction(300_000), Some(0));
        assert_eq!(others(&[20, -20]).correction(-300_000), Some(0));
    }

    #[test]
    fn of_two_nodes_nobody_knows_whose_clock_is_wrong() {
        assert_eq!(others(&[300_000]).correction(0), None);
        assert_eq!(others(&[300_000]).disagrees(), Some(NodeId(1)));
        assert_eq!(others(&[-300_000]).disagrees(), Some(NodeId(1)));
        assert_eq!(others(&[500]).disagrees(), None);
        assert_eq!(others(&[]).correction(0), None);
    }

    #[test]
    fn renewals_that_are_long_on_their_way_make_no_clock_wrong() {
        let mut clocks = Clocks::default();
        for node in [NodeId(1), NodeId(2)] {
            for renewed in [10_000, 13_000, 16_000] {
                clocks.saw(node, renewed, renewed + 800, renewed + 1_800);
            }
        }
        assert_eq!(clocks.correction(0), Some(0));
    }
}
