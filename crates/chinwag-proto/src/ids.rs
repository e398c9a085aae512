//! The identifiers, a newtype for each.

use std::{fmt, str::FromStr, sync::Arc};

use minicbor::{Decode, Encode};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// A 64-bit id that is not a decimal string without sign or leading zeros.
    #[error("expected a 64-bit id as a decimal string")]
    NotDecimal,
    /// A user id outside its bounds.
    #[error(
        "expected a user id of 1 to 128 bytes of UTF-8 without control characters, and not \".\" or \"..\""
    )]
    User,
    /// A device id outside its bounds.
    #[error("expected a device id of 1 to 64 printable ASCII characters")]
    Device,
    /// A client id outside its bounds.
    #[error("expected a clientId of 1 to 64 printable ASCII characters")]
    Client,
}

macro_rules! decimal_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Encode, Decode)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                parse_decimal(text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FromStrVisitor::<Self>::new("a 64-bit id as a decimal string"))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "pattern": "^(0|[1-9][0-9]{0,19})$"})
            }
        }
    };
}

decimal_id!(
    /// Names a chat: a Snowflake, see [`crate::snowflake`].
    ChatId
);
decimal_id!(
    /// Names an event of a chat's log: a Snowflake that rises with the place.
    EventId
);
decimal_id!(
    /// Names a session: one connection of one device.
    SessionId
);

/// A message's id is the id of the event that placed it.
pub type MessageId = EventId;

/// Accepts the canonical decimal form only, so that two spellings never name one id.
fn parse_decimal(text: &str) -> Result<u64, InvalidId> {
    let canonical =
        text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if !canonical {
        return Err(InvalidId::NotDecimal);
    }
    text.parse().map_err(|_| InvalidId::NotDecimal)
}

/// A place in a chat's log: dense, from 1; 0 stands before the first event.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
    Encode,
    Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Seq(#[n(0)] pub u64);

impl Seq {
    /// The place before the first event.
    pub const ZERO: Seq = Seq(0);
    /// No place is above it.
    pub const MAX: Seq = Seq(u64::MAX);

    /// Returns the place after this one.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// Rises only when places may be given twice: a restore, or a start that accepted a loss.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
    Encode,
    Decode,
)]
#[serde(transparent)]
#[cbor(transparent)]
pub struct Epoch(#[n(0)] pub u32);

impl Default for Epoch {
    fn default() -> Self {
        Epoch(1)
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $valid:path, $error:expr, $expected:literal, $schema:tt) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the bounds and keeps the text byte for byte.
            pub fn new(text: &str) -> Result<Self, InvalidId> {
                if $valid(text) { Ok(Self(text.into())) } else { Err($error) }
            }

            /// Returns the text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({:?})"), &*self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(FromStrVisitor::<Self>::new($expected))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self,
                encoder: &mut minicbor::Encoder<W>,
                _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                encoder.str(&self.0)?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(decoder: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::new(decoder.str()?).map_err(minicbor::decode::Error::custom)
            }
        }
    };
}

text_id!(
    /// Names a user: the app's own id, 1 to 128 bytes of UTF-8 without control characters; not `.` or `..`, which
    /// every client of the web takes out of a path, however they are written.
    UserId, is_user_id, InvalidId::User,
    "a user id of 1 to 128 bytes of UTF-8 without control characters, and not . or ..",
    {"type": "string", "minLength": 1, "maxLength": 128}
);
text_id!(
    /// Names a device of a user: 1 to 64 printable ASCII characters, chosen by the client.
    DeviceId, is_short_ascii, InvalidId::Device,
    "a device id of 1 to 64 printable ASCII characters",
    {"type": "string", "pattern": "^[!-~]{1,64}$"}
);
text_id!(
    /// Names a request of a sender for ever, so that a retry doubles nothing; best a UUIDv7.
    ClientId, is_short_ascii, InvalidId::Client,
    "a clientId of 1 to 64 printable ASCII characters",
    {"type": "string", "pattern": "^[!-~]{1,64}$"}
);

impl ClientId {
    /// Returns the time inside a UUIDv7; nothing for any other text.
    #[must_use]
    pub fn uuid_v7_time(&self) -> Option<crate::Timestamp> {
        let uuid = uuid::Uuid::try_parse(&self.0).ok()?;
        if uuid.get_version_num() != 7 {
            return None;
        }
        let (seconds, nanos) = uuid.get_timestamp()?.to_unix();
        let millis = i64::try_from(seconds).ok()?.checked_mul(1000)? + i64::from(nanos / 1_000_000);
        Some(crate::Timestamp::from_unix_millis(millis))
    }
}

fn is_user_id(text: &str) -> bool {
    let is_segment_of_dots = text == "." || text == "..";
    (1..=128).contains(&text.len()) && !text.chars().any(char::is_control) && !is_segment_of_dots
}

fn is_short_ascii(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Reads any type that has a checked text form, with an error that says what was expected.
struct FromStrVisitor<T>(&'static str, std::marker::PhantomData<T>);

impl<T> FromStrVisitor<T> {
    fn new(expected: &'static str) -> Self {
        Self(expected, std::marker::PhantomData)
    }
}

impl<T: FromStr> de::Visitor<'_> for FromStrVisitor<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.0)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decimal_id_has_one_spelling() {
        for wrong in [
            "",
            "01",
            "+1",
            "-1",
            " 1",
            "1.0",
            "18446744073709551616",
            "1e3",
        ] {
            assert!(
                wrong.parse::<EventId>().is_err(),
                "{wrong:?} must be refused"
            );
        }
        assert_eq!("18446744073709551615".parse(), Ok(EventId(u64::MAX)));
    }

    #[test]
    fn an_id_travels_as_a_string_above_2_pow_53() {
        let id = EventId(9_007_199_254_740_993);
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"9007199254740993\"");
        assert_eq!(serde_json::from_str::<EventId>(&json).unwrap(), id);
        assert!(serde_json::from_str::<EventId>("9007199254740993").is_err());
    }

    #[test]
    fn a_user_id_is_compared_byte_for_byte_and_bounded() {
        assert_ne!(UserId::new("Anna").unwrap(), UserId::new("anna").unwrap());
        assert!(UserId::new("").is_err());
        assert!(UserId::new(&"é".repeat(65)).is_err());
        assert!(UserId::new(&"é".repeat(64)).is_ok());
        assert!(UserId::new("a\u{0}b").is_err());
        assert!(UserId::new(".").is_err() && UserId::new("..").is_err());
        assert!(UserId::new("...").is_ok() && UserId::new("a/../b").is_ok());
    }

    #[test]
    fn only_a_uuid_v7_tells_a_time() {
        let id = ClientId::new("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap();
        assert_eq!(id.uuid_v7_time().unwrap().unix_millis(), 0x017f_22e2_79b0);
        assert!(
            ClientId::new("not-a-uuid")
                .unwrap()
                .uuid_v7_time()
                .is_none()
        );
    }
}
