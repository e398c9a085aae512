//! What of a chat's log a member may see: intervals of places.

use chinwag_proto::Seq;
use minicbor::{Decode, Encode};

/// Places from one to another, both included; open while the member is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct Interval {
    /// The first place.
    #[n(0)]
    pub from: Seq,
    /// The last place; none while it goes on.
    #[n(1)]
    pub through: Option<Seq>,
}

impl Interval {
    /// Returns whether a place lies in it.
    #[must_use]
    pub fn contains(&self, seq: Seq) -> bool {
        self.from <= seq && self.through.is_none_or(|through| seq <= through)
    }
}

/// Intervals in rising order that neither touch nor overlap.
#[derive(Debug, Clone, PartialEq, Eq, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Intervals(#[n(0)] Vec<Interval>);

impl Intervals {
    /// Makes the intervals of one who sees everything from a place on.
    #[must_use]
    pub fn from(seq: Seq) -> Self {
        Self(vec![Interval {
            from: seq,
            through: None,
        }])
    }

    /// Returns whether a place lies in one of them.
    #[must_use]
    pub fn contains(&self, seq: Seq) -> bool {
        self.0.iter().any(|interval| interval.contains(seq))
    }

    /// Returns whether every place lies in them, those to come too.
    #[must_use]
    pub fn are_all(&self) -> bool {
        matches!(&self.0[..], [one] if one.from <= Seq(1) && one.through.is_none())
    }

    /// Returns whether an event is seen: its own place and its target's.
    #[must_use]
    pub fn sees(&self, seq: Seq, target: Option<Seq>) -> bool {
        self.contains(seq) && target.is_none_or(|target| self.contains(target))
    }

    /// Begins an interval at a place; what lies after it becomes part of it.
    pub fn open(&mut self, from: Seq) {
        let mut start = from;
        self.0.retain(|interval| {
            let touches = interval
                .through
                .is_none_or(|through| through.next() >= from);
            if touches {
                start = start.min(interval.from);
            }
            !touches
        });
        self.0.push(Interval {
            from: start,
            through: None,
        });
    }

    /// Ends the open interval at a place.
    pub fn close(&mut self, through: Seq) {
        if let Some(last) = self.0.last_mut()
            && last.through.is_none()
        {
            last.through = Some(through);
        }
    }

    /// Ends the last interval at a place, unless it ends before: of several ends the first one holds.
    pub fn end_by(&mut self, through: Seq) {
        if let Some(last) = self.0.last_mut()
            && last.from <= through
            && last.through.is_none_or(|end| end > through)
        {
            last.through = Some(through);
        }
    }

    /// Returns them, rising.
    #[must_use]
    pub fn as_slice(&self) -> &[Interval] {
        &self.0
    }
}

impl FromIterator<Interval> for Intervals {
    fn from_iter<I: IntoIterator<Item = Interval>>(intervals: I) -> Self {
        Self(intervals.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_seen_only_with_its_target() {
        let intervals = Intervals::from(Seq(5));
        assert!(intervals.sees(Seq(7), None));
        assert!(intervals.sees(Seq(7), Some(Seq(5))));
        assert!(!intervals.sees(Seq(7), Some(Seq(4))));
    }

    #[test]
    fn who_came_late_or_was_away_does_not_see_all() {
        assert!(Intervals::from(Seq(1)).are_all());
        assert!(!Intervals::from(Seq(2)).are_all());
        let mut away = Intervals::from(Seq(1));
        away.close(Seq(8));
        assert!(!away.are_all());
        away.open(Seq(20));
        assert!(!away.are_all());
    }

    #[test]
    fn rejoining_adds_an_interval() {
        let mut intervals = Intervals::from(Seq(5));
        intervals.close(Seq(8));
        intervals.open(Seq(20));
        let seen: Vec<u64> = (1..25)
            .filter(|seq| intervals.contains(Seq(*seq)))
            .collect();
        assert_eq!(seen, [5, 6, 7, 8, 20, 21, 22, 23, 24]);
    }

    #[test]
    fn rejoining_with_all_history_swallows_what_was() {
        let mut intervals = Intervals::from(Seq(5));
        intervals.close(Seq(8));
        intervals.open(Seq(1));
        assert_eq!(intervals, Intervals::from(Seq(1)));
    }
}
