//! Points in time: milliseconds since 1970, RFC 3339 in UTC on the wire.

use std::{borrow::Cow, fmt, str::FromStr};

use minicbor::{Decode, Encode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time, milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
#[cbor(transparent)]
pub struct Timestamp(#[n(0)] i64);

/// A text that is not an RFC 3339 time with a zone between the years 1 and 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an RFC 3339 time with a zone, such as 2026-01-31T12:00:00.000Z")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// Makes a time from milliseconds since 1970.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Makes a time from milliseconds since 1970 that somebody else tells; none where RFC 3339 can't write it.
    #[must_use]
    pub fn from_told_millis(millis: i64) -> Option<Self> {
        const YEAR_1: i64 = -62_135_596_800_000;
        let is_written = millis >= YEAR_1 && jiff::Timestamp::from_millisecond(millis).is_ok();
        is_written.then_some(Self(millis))
    }

    /// Returns the milliseconds since 1970.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Returns the time so many milliseconds later, or earlier where negative.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(time) => write!(out, "{time:.3}"),
            Err(_) => write!(out, "{} ms since 1970", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        // RFC 3339 only: jiff alone also takes week dates, bracketed zones and spaces.
        let bytes = text.as_bytes();
        let shaped = (20..=35).contains(&bytes.len())
            && bytes[4] == b'-'
            && bytes[7] == b'-'
            && matches!(bytes[10], b'T' | b't')
            && !text.contains(['[', ',', ' '])
            && bytes[..4].iter().all(u8::is_ascii_digit);
        if !shaped {
            return Err(InvalidTimestamp);
        }
        let time: jiff::Timestamp = text.parse().map_err(|_| InvalidTimestamp)?;
        Ok(Self(time.as_millisecond()))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_in_utc_with_milliseconds() {
        let time: Timestamp = "2026-01-31T13:00:00.5+01:00".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-31T12:00:00.500Z");
    }

    #[test]
    fn a_time_that_is_told_is_one_that_can_be_written() {
        for millis in [
            0,
            1_769_860_800_000,
            -62_135_596_800_000,
            253_402_128_000_000,
        ] {
            let time = Timestamp::from_told_millis(millis).unwrap();
            assert_eq!(time.to_string().parse(), Ok(time));
        }
        for millis in [i64::MIN, -62_135_596_800_001, 253_402_300_800_000, i64::MAX] {
            assert_eq!(Timestamp::from_told_millis(millis), None, "{millis}");
        }
    }

    #[test]
    fn a_time_without_zone_or_in_another_shape_is_refused() {
        for wrong in [
            "",
            "2026-01-31T12:00:00",
            "2026-01-31",
            "1769860800",
            "1769860800000",
            "2026-01-31 12:00:00Z",
            "2026-13-31T12:00:00Z",
            "2026-W05-6T12:00:00Z",
            "2026-01-31T12:00:00Z[UTC]",
            "+002026-01-31T12:00:00Z",
        ] {
            assert!(
                wrong.parse::<Timestamp>().is_err(),
                "{wrong:?} must be refused"
            );
        }
    }
}
