//! Ids of sends, as clients make them.

use uuid::{Builder, Uuid};

use crate::clock::wall_millis;

/// Makes UUIDs of version 7: the time, what is random of this process, and a count. Asking the kernel for random
/// bits would cost more than all the rest of a send.
pub(super) struct Uuids {
    random: [u8; 10],
    made: u32,
}

impl Uuids {
    pub(super) fn new() -> Self {
        Self {
            random: rand::random(),
            made: 0,
        }
    }

    /// Writes the next one as text.
    pub(super) fn write(&mut self, out: &mut Vec<u8>) {
        self.made = self.made.wrapping_add(1);
        let mut bytes = self.random;
        bytes[6..].copy_from_slice(&self.made.to_be_bytes());
        let uuid = Builder::from_unix_timestamp_millis(wall_millis(), &bytes).into_uuid();
        let mut text = Uuid::encode_buffer();
        out.extend_from_slice(uuid.hyphenated().encode_lower(&mut text).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_of_version_7_and_none_comes_twice() {
        let (mut uuids, mut made) = (Uuids::new(), HashSet::new());
        for _ in 0..1_000 {
            let mut text = Vec::new();
            uuids.write(&mut text);
            let uuid = Uuid::try_parse_ascii(&text).unwrap();
            assert_eq!(uuid.get_version_num(), 7);
            assert!(made.insert(uuid));
        }
    }
}
