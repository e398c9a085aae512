//! Which of a cluster's 16,384 slots a hash tag falls into, and which node holds each.

use redis::Value;

use super::link::Address;

/// How many slots a cluster has.
pub(super) const SLOTS: u16 = 16_384;

/// Returns the slot of a hash tag (the cluster specification's CRC16, XMODEM, modulo the slots).
pub(super) fn slot_of(tag: &[u8]) -> u16 {
    let mut crc = 0_u16;
    for byte in tag {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            let carries = crc & 0x8000 != 0;
            crc <<= 1;
            if carries {
                crc ^= 0x1021;
            }
        }
    }
    crc % SLOTS
}

/// Who holds which slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SlotMap(Vec<Range>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Range {
    first: u16,
    last: u16,
    master: Address,
}

impl SlotMap {
    /// Makes the map of one node that holds all.
    pub(super) fn of_one(address: Address) -> Self {
        Self(vec![Range {
            first: 0,
            last: SLOTS - 1,
            master: address,
        }])
    }

    /// Reads the answer to `CLUSTER SLOTS` of a node; none where it isn't one.
    pub(super) fn read(answer: &Value, asked: &Address) -> Option<Self> {
        let Value::Array(ranges) = answer else {
            return None;
        };
        let mut ranges: Vec<_> = ranges
            .iter()
            .map(|range| read_range(range, asked))
            .collect::<Option<_>>()?;
        ranges.sort_by_key(|range| range.first);
        Some(Self(ranges))
    }

    /// Returns the master that holds a slot, if one does.
    pub(super) fn master(&self, slot: u16) -> Option<&Address> {
        let index = self.0.partition_point(|range| range.last < slot);
        let range = self.0.get(index)?;
        (range.first <= slot).then_some(&range.master)
    }

    /// Returns every master, some more than once.
    pub(super) fn masters(&self) -> impl Iterator<Item = &Address> {
        self.0.iter().map(|range| &range.master)
    }

    /// Returns whether every slot is held.
    pub(super) fn is_whole(&self) -> bool {
        let mut next = 0;
        for range in &self.0 {
            if range.first != next {
                return false;
            }
            next = range.last + 1;
        }
        next == SLOTS
    }
}

/// Reads `[first, last, [host, port, …], replicas…]`; a node that doesn't know its own address leaves the host empty.
fn read_range(range: &Value, asked: &Address) -> Option<Range> {
    let Value::Array(parts) = range else {
        return None;
    };
    let [
        Value::Int(first),
        Value::Int(last),
        Value::Array(master),
        ..,
    ] = parts.as_slice()
    else {
        return None;
    };
    let [host, Value::Int(port), ..] = master.as_slice() else {
        return None;
    };
    let host = match host {
        Value::BulkString(host) if !host.is_empty() => String::from_utf8(host.clone()).ok()?,
        _ => asked.host.clone(),
    };
    Some(Range {
        first: u16::try_from(*first).ok()?,
        last: u16::try_from(*last).ok().filter(|last| *last < SLOTS)?,
        master: Address {
            host,
            port: u16::try_from(*port).ok()?,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(port: u16) -> Address {
        Address {
            host: "127.0.0.1".into(),
            port,
        }
    }

    fn range(first: i64, last: i64, host: &str, port: i64) -> Value {
        let host = Value::BulkString(host.as_bytes().to_vec());
        let master = Value::Array(vec![host, Value::Int(port)]);
        Value::Array(vec![Value::Int(first), Value::Int(last), master])
    }

    #[test]
    fn slots_are_those_of_the_specification() {
        // The check value of CRC16/XMODEM, and an answer of CLUSTER KEYSLOT.
        assert_eq!(slot_of(b"123456789"), 0x31C3 % SLOTS);
        assert_eq!(slot_of(b"foo"), 12_182);
        assert_eq!(slot_of(b""), 0);
    }

    #[test]
    fn each_slot_has_its_master_and_a_hole_has_none() {
        let answer = Value::Array(vec![
            range(8_000, 16_383, "127.0.0.1", 7_002),
            range(0, 5_000, "", 7_001),
        ]);
        let map = SlotMap::read(&answer, &at(7_000)).unwrap();
        assert_eq!(map.master(0), Some(&at(7_001)));
        assert_eq!(map.master(5_000), Some(&at(7_001)));
        assert_eq!(map.master(5_001), None);
        assert_eq!(map.master(16_383), Some(&at(7_002)));
        assert!(!map.is_whole());
        assert!(SlotMap::of_one(at(1)).is_whole());
        assert_eq!(SlotMap::read(&Value::Okay, &at(1)), None);
    }
}
