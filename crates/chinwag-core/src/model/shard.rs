//! Which node writes which chats.

use std::fmt;

use chinwag_proto::ChatId;
use minicbor::{Decode, Encode};

/// How many sets the chats are hashed into (rule O1).
pub const SHARDS: u16 = 1024;

/// One of the [`SHARDS`] sets of chats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shard(pub u16);

impl Shard {
    /// Returns the shard of a chat: the same on every node and in every version.
    #[must_use]
    pub fn of(chat: ChatId) -> Self {
        // Fibonacci hashing: the ids' low bits are a counter and often zero, so take the product's top bits.
        let mixed = chat.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(u16::try_from(mixed >> (64 - SHARDS.ilog2())).unwrap_or_default())
    }
}

/// A node's number: 0 to 1,022; 1,023 is for imports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct NodeId(#[n(0)] pub u16);

/// Counts the take-overs of a shard; from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
#[cbor(transparent)]
pub struct Term(#[n(0)] pub u32);

impl fmt::Display for Term {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn chats_spread_over_all_shards() {
        let shards: HashSet<_> = (0..20_000).map(|n| Shard::of(ChatId(n << 22))).collect();
        assert!(shards.len() > 1_000, "only {} shards", shards.len());
        assert!(shards.iter().all(|shard| shard.0 < SHARDS));
    }
}
