//! A set of places that is small while it has few holes.

/// Holds places as ranges, both ends included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Adds one place.
    pub(crate) fn insert(&mut self, place: u64) {
        let next = self.0.partition_point(|(from, _)| *from <= place);
        let touches_previous = next > 0 && self.0[next - 1].1 >= place.saturating_sub(1);
        let touches_next = self
            .0
            .get(next)
            .is_some_and(|(from, _)| *from == place.saturating_add(1));
        match (touches_previous, touches_next) {
            (true, true) => {
                self.0[next - 1].1 = self.0[next].1;
                self.0.remove(next);
            }
            (true, false) => self.0[next - 1].1 = self.0[next - 1].1.max(place),
            (false, true) => self.0[next].0 = place,
            (false, false) => self.0.insert(next, (place, place)),
        }
    }

    /// Gives the highest place.
    pub(crate) fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, to)| *to)
    }

    /// Gives the holes between two places, both ends included.
    pub(crate) fn holes(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let mut holes = Vec::new();
        let mut next = from;
        let first = self.0.partition_point(|(_, end)| *end < from);
        for &(start, end) in &self.0[first..] {
            if start > to {
                break;
            }
            if start > next {
                holes.push((next, start - 1));
            }
            next = end.saturating_add(1);
        }
        if next <= to {
            holes.push((next, to));
        }
        holes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_merge_and_tell_their_holes() {
        let mut ranges = Ranges::default();
        for place in [5, 3, 9, 4, 4, 10, 1] {
            ranges.insert(place);
        }
        assert_eq!(ranges.0, [(1, 1), (3, 5), (9, 10)]);
        assert_eq!(ranges.holes(1, 12), [(2, 2), (6, 8), (11, 12)]);
        assert_eq!(ranges.holes(4, 5), []);
        assert_eq!(ranges.holes(7, 7), [(7, 7)]);
        assert_eq!(ranges.last(), Some(10));
    }
}
