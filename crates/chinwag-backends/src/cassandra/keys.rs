//! How ids and places become keys: 64-bit numbers as CQL's signed ones, places in parts of bounded size.

use chinwag_core::ports::{EngineResult, Stamp};
use chinwag_proto::{ChatId, EventId, Seq, UserId};

use super::error::undecodable;

/// Places of one partition of the log (rule S1).
const PART: u64 = 4_096;
/// Buckets that users are spread over where they are listed in order.
pub(super) const USER_BUCKETS: i32 = 32;
/// Bits of a stamp that hold the place.
const SEQ_BITS: u32 = 40;

pub(super) fn chat_key(chat: ChatId) -> i64 {
    // Snowflakes have 63 bits, so their order is that of the signed numbers.
    chat.0.cast_signed()
}

pub(super) fn chat_from(key: i64) -> ChatId {
    ChatId(key.cast_unsigned())
}

pub(super) fn event_key(id: EventId) -> i64 {
    id.0.cast_signed()
}

pub(super) fn event_from(key: i64) -> EventId {
    EventId(key.cast_unsigned())
}

/// Places end where CQL's numbers do; a range may name a higher one.
pub(super) fn place_key(seq: Seq) -> i64 {
    i64::try_from(seq.0).unwrap_or(i64::MAX)
}

pub(super) fn place_from(key: i64) -> Seq {
    Seq(key.cast_unsigned())
}

/// Returns the partition of a chat's log that holds a place.
pub(super) fn part_of(seq: Seq) -> i64 {
    place_key(Seq(seq.0 / PART))
}

/// Returns whether a place is the first of its part.
pub(super) fn begins_part(seq: Seq) -> bool {
    seq.0.is_multiple_of(PART)
}

/// Returns the place of the event that a stamp was made for.
pub(super) fn place_of_stamp(stamp: i64) -> Seq {
    Seq((stamp & ((1 << SEQ_BITS) - 1)).cast_unsigned())
}

pub(super) fn stamp_key(stamp: Stamp) -> i64 {
    stamp.as_i64()
}

pub(super) fn user_from(text: &str) -> EngineResult<UserId> {
    UserId::new(text).map_err(|_| undecodable("user id"))
}

/// Returns the bucket of a user: the same on every node and in every version (FNV-1a).
pub(super) fn user_bucket(user: &UserId) -> i32 {
    let hash = user.as_str().bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    (hash % USER_BUCKETS.cast_unsigned()).cast_signed()
}

/// Returns the buckets that list a chat: the small one, and the large one that lists the small ones. A chat's id
/// begins with its time, so a small one holds 70 minutes and a large one 50 days.
pub(super) fn chat_buckets(chat: ChatId) -> (i64, i32) {
    let small = chat.0 >> 44;
    (
        place_key(Seq(small)),
        i32::try_from(small >> 10).unwrap_or(i32::MAX),
    )
}

/// Large buckets of chats that there can be: ids have 63 bits.
pub(super) const LARGE_CHAT_BUCKETS: i32 = 1 << (63 - 54);

#[cfg(test)]
mod tests {
    use chinwag_core::model::Term;

    use super::*;

    #[test]
    fn a_stamp_tells_the_place_that_it_was_made_for() {
        let stamp = Stamp {
            term: Term(9),
            seq: Seq(70_000_000_001),
        };
        assert_eq!(place_of_stamp(stamp_key(stamp)), stamp.seq);
    }

    #[test]
    fn a_part_holds_4096_places() {
        assert_eq!(part_of(Seq(4_095)), 0);
        assert_eq!(part_of(Seq(4_096)), 1);
        assert!(begins_part(Seq(8_192)) && !begins_part(Seq(8_193)));
    }

    #[test]
    fn chats_are_listed_in_buckets_that_rise_with_their_ids() {
        let last = ChatId(u64::MAX >> 1);
        assert_eq!(chat_buckets(last).1, LARGE_CHAT_BUCKETS - 1);
        assert!(chat_buckets(ChatId(1 << 44)) > chat_buckets(ChatId(1)));
    }
}
