//! What a consumer has given out and not acknowledged: positions of the port, partitions and offsets of Kafka.

use std::collections::{BTreeMap, HashSet, VecDeque};

/// A partition's number.
pub(super) type Partition = i32;

/// Records that were given out, in order.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    last_position: u64,
    given: VecDeque<(u64, Partition, i64)>,
}

impl Outstanding {
    /// Gives a record its position.
    pub(super) fn give(&mut self, partition: Partition, offset: i64) -> u64 {
        self.last_position += 1;
        self.given
            .push_back((self.last_position, partition, offset));
        self.last_position
    }

    /// Takes what is acknowledged up to a position: for each partition the offset to go on at.
    pub(super) fn acknowledge(&mut self, position: u64) -> BTreeMap<Partition, i64> {
        let mut next = BTreeMap::new();
        while let Some((at, partition, offset)) = self.given.front().copied() {
            if at > position {
                break;
            }
            next.insert(partition, offset + 1);
            self.given.pop_front();
        }
        next
    }

    /// Forgets what was given out of partitions that are another's now: it isn't ours to acknowledge.
    pub(super) fn forget(&mut self, partitions: &HashSet<Partition>) {
        self.given
            .retain(|(_, partition, _)| !partitions.contains(partition));
    }

    /// Returns how many records wait to be acknowledged.
    pub(super) fn len(&self) -> usize {
        self.given.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledging_goes_on_behind_the_last_record_of_each_partition() {
        let mut outstanding = Outstanding::default();
        let positions: Vec<u64> = [(0, 5), (1, 9), (0, 6), (1, 10)]
            .map(|(partition, offset)| outstanding.give(partition, offset))
            .into();
        assert_eq!(positions, [1, 2, 3, 4]);
        assert_eq!(
            outstanding.acknowledge(3),
            BTreeMap::from([(0, 7), (1, 10)])
        );
        assert!(outstanding.acknowledge(3).is_empty());
        assert!(outstanding.acknowledge(1).is_empty());
        assert_eq!(outstanding.acknowledge(9), BTreeMap::from([(1, 11)]));
    }

    #[test]
    fn what_was_taken_away_is_not_acknowledged() {
        let mut outstanding = Outstanding::default();
        outstanding.give(0, 5);
        outstanding.give(1, 9);
        outstanding.forget(&HashSet::from([0]));
        assert_eq!(outstanding.len(), 1);
        assert_eq!(outstanding.acknowledge(2), BTreeMap::from([(1, 10)]));
    }
}
