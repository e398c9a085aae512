//! A key in a backup's header.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// The bytes of a key's file; base64 in JSON, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptKey(pub Vec<u8>);

impl fmt::Debug for KeptKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeptKey(…)")
    }
}

impl Serialize for KeptKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for KeptKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_back_and_is_not_shown() {
        let key = KeptKey(vec![0, 255, 7]);
        let written = serde_json::to_string(&key).unwrap();
        assert_eq!(serde_json::from_str::<KeptKey>(&written).unwrap(), key);
        assert_eq!(format!("{key:?}"), "KeptKey(…)");
        assert!(serde_json::from_str::<KeptKey>("\"no base64!\"").is_err());
    }
}
