//! The two small values that records carry instead of long ones: ids and digests.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// Holds the id of an event, written as a decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub u64);

/// Stands for a text: the first 64 bits of its SHA-256, written as 16 hexadecimal digits.
///
/// Two different texts are compared only where they should be the same one, so 64 bits leave a
/// chance of 2⁻⁶⁴ a comparison to miss a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl Digest {
    /// Digests the bytes of a text.
    pub fn of(text: &[u8]) -> Self {
        let sum = Sha256::digest(text);
        let first = sum.iter().take(8);
        Self(first.fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits { radix: 10 }).map(Self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits { radix: 16 }).map(Self)
    }
}

/// Reads a number from a string of one spelling only, so that equal means equal.
struct Digits {
    radix: u32,
}

impl Visitor<'_> for Digits {
    type Value = u64;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.radix {
            10 => formatter.write_str("a decimal string"),
            _ => formatter.write_str("16 hexadecimal digits in lower case"),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<u64, E> {
        let canonical = match self.radix {
            10 => !text.starts_with(['0', '+']),
            _ => text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')),
        };
        let number = u64::from_str_radix(text, self.radix).ok();
        number
            .filter(|_| canonical)
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_above_two_to_the_53_keeps_its_last_digit() {
        let id: Id = serde_json::from_str("\"9007199254740993\"").unwrap();
        assert_eq!(id, Id(9_007_199_254_740_993));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"9007199254740993\"");
    }

    #[test]
    fn an_id_has_one_spelling() {
        for wrong in [
            "7",
            "\"07\"",
            "\"+7\"",
            "\"\"",
            "\"0\"",
            "\"18446744073709551616\"",
        ] {
            assert!(serde_json::from_str::<Id>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_digest_is_the_head_of_the_sha_256_of_the_text() {
        // printf abc | sha256sum
        assert_eq!(Digest::of(b"abc").to_string(), "ba7816bf8f01cfea");
        let back: Digest = serde_json::from_str("\"ba7816bf8f01cfea\"").unwrap();
        assert_eq!(back, Digest::of(b"abc"));
    }
}
