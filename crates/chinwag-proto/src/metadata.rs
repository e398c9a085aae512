//! What an app attaches to a message: a JSON object that Chinwag keeps and never reads.

use std::{borrow::Cow, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// How deep objects and arrays may lie in one another: a bound for every reader's stack.
pub const MAX_DEPTH: usize = 32;
/// The largest whole number that every JSON reader keeps exactly: 2^53.
pub const MAX_EXACT_INTEGER: u64 = 1 << 53;

/// A JSON object without duplicate keys, without whole numbers past 2^53, at most [`MAX_DEPTH`] deep.
///
/// Keys are kept in order, so equal objects are equal as text.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Metadata(Map<String, Value>);

impl Metadata {
    /// Returns whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the object's fields.
    #[must_use]
    pub fn fields(&self) -> &Map<String, Value> {
        &self.0
    }

    /// Returns the canonical text: keys in order, no white space.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_default()
    }
}

impl std::str::FromStr for Metadata {
    type Err = serde_json::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(text)
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Strict(MAX_DEPTH).deserialize(deserializer)? {
            Value::Object(fields) => Ok(Self(fields)),
            _ => Err(de::Error::custom("expected a JSON object")),
        }
    }
}

impl JsonSchema for Metadata {
    fn schema_name() -> Cow<'static, str> {
        "Metadata".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "object"})
    }
}

impl<C> minicbor::Encode<C> for Metadata {
    fn encode<W: minicbor::encode::Write>(
        &self,
        encoder: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        encoder.str(&self.to_text())?.ok()
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Metadata {
    fn decode(
        decoder: &mut minicbor::Decoder<'b>,
        _: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        decoder
            .str()?
            .parse()
            .map_err(minicbor::decode::Error::custom)
    }
}

/// Reads any JSON value under the rules of [`Metadata`]; holds how many levels are still allowed.
struct Strict(usize);

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        exact(value)?;
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        exact(value.unsigned_abs())?;
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        // A whole number too large for 64 bits arrives here as a float and has already lost digits.
        if value.fract() == 0.0 && value.abs() > MAX_EXACT_INTEGER as f64 {
            return Err(E::custom(INEXACT));
        }
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Strict(below))? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(Strict(below))?;
            if map.contains_key(&key) {
                return Err(de::Error::custom(format_args!("duplicate key {key:?}")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

const INEXACT: &str = "whole numbers past 2^53 lose digits in many readers: send a string";

impl Strict {
    fn below<E: de::Error>(&self) -> Result<usize, E> {
        self.0
            .checked_sub(1)
            .ok_or_else(|| E::custom(format_args!("more than {MAX_DEPTH} levels deep")))
    }
}

fn exact<E: de::Error>(value: u64) -> Result<(), E> {
    if value > MAX_EXACT_INTEGER {
        Err(E::custom(INEXACT))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_objects_are_equal_as_text() {
        let one: Metadata = r#"{"b":1,"a":[true,null]}"#.parse().unwrap();
        let two: Metadata = r#"{ "a": [true, null], "b": 1 }"#.parse().unwrap();
        assert_eq!(one, two);
        assert_eq!(one.to_text(), two.to_text());
    }

    #[test]
    fn what_readers_disagree_about_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        for wrong in [
            r#"{"a":1,"a":2}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":9007199254740993}"#,
            r#"{"a":-9007199254740993}"#,
            r#"{"a":123456789012345678901234567890}"#,
            r#"[]"#,
            r#""x""#,
            r#"{"a":"\ud800"}"#,
            &deep,
        ] {
            assert!(
                wrong.parse::<Metadata>().is_err(),
                "{wrong} must be refused"
            );
        }
        assert!(
            r#"{"a":9007199254740992,"b":1.5e300}"#.parse::<Metadata>().is_err(),
            "1.5e300 is whole"
        );
        assert!(r#"{"a":9007199254740992,"b":1.5}"#.parse::<Metadata>().is_ok());
    }
}
