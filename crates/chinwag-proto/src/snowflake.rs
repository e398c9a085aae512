//! The layout of a 64-bit id: 41 bits of milliseconds, 10 of node, 12 of counter.

use crate::Timestamp;

/// Milliseconds between 1970-01-01 and 2000-01-01T00:00:00Z, where ids begin.
pub const EPOCH_UNIX_MILLIS: i64 = 946_684_800_000;
/// The node number that imports use; no live node may hold it.
pub const IMPORT_NODE: u16 = 1023;
/// How many ids one node can give in one millisecond.
pub const COUNTERS: u16 = 1 << COUNTER_BITS;

const NODE_BITS: u32 = 10;
const COUNTER_BITS: u32 = 12;
const TIME_SHIFT: u32 = NODE_BITS + COUNTER_BITS;

/// Puts an id together from milliseconds since 2000, node number and counter.
#[must_use]
pub fn compose(millis: u64, node: u16, counter: u16) -> u64 {
    debug_assert!(millis < 1 << 41 && node < 1 << NODE_BITS && counter < COUNTERS);
    (millis << TIME_SHIFT) | (u64::from(node) << COUNTER_BITS) | u64::from(counter)
}

/// Returns the milliseconds since 2000 of an id.
#[must_use]
pub fn millis(id: u64) -> u64 {
    id >> TIME_SHIFT
}

/// Returns the node number of an id.
#[must_use]
pub fn node(id: u64) -> u16 {
    u16::try_from((id >> COUNTER_BITS) & 0x3ff).unwrap_or_default()
}

/// Returns the counter of an id.
#[must_use]
pub fn counter(id: u64) -> u16 {
    u16::try_from(id & 0xfff).unwrap_or_default()
}

/// Returns the time of an id.
#[must_use]
pub fn time(id: u64) -> Timestamp {
    Timestamp::from_unix_millis(EPOCH_UNIX_MILLIS + i64::try_from(millis(id)).unwrap_or(i64::MAX))
}

/// Returns a time in milliseconds since 2000; nothing where it lies outside 2000 to 2069.
#[must_use]
pub fn millis_of(time: Timestamp) -> Option<u64> {
    let millis = u64::try_from(time.unix_millis() - EPOCH_UNIX_MILLIS).ok()?;
    (millis < 1 << 41).then_some(millis)
}

/// Returns the smallest id that a node could give at a time: the bound of a search by time.
#[must_use]
pub fn lowest_at(time: Timestamp) -> u64 {
    if time.unix_millis() <= EPOCH_UNIX_MILLIS {
        return 0;
    }
    millis_of(time).map_or(u64::MAX, |millis| compose(millis, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_come_back() {
        let id = compose(844_000_000_123, 1023, 4095);
        assert_eq!(
            (millis(id), node(id), counter(id)),
            (844_000_000_123, 1023, 4095)
        );
        assert_eq!(time(id).unix_millis(), EPOCH_UNIX_MILLIS + 844_000_000_123);
    }

    #[test]
    fn times_outside_the_range_have_no_id() {
        assert_eq!(
            millis_of(Timestamp::from_unix_millis(EPOCH_UNIX_MILLIS - 1)),
            None
        );
        assert_eq!(
            millis_of(Timestamp::from_unix_millis(EPOCH_UNIX_MILLIS)),
            Some(0)
        );
        assert_eq!(lowest_at(Timestamp::from_unix_millis(0)), 0);
    }
}
