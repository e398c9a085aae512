//! Who sends: the server's own key, and a token signed with it for each push service (RFC 8292).

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chinwag_proto::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use parking_lot::Mutex;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde::Serialize;

use super::Subscription;
use crate::push::PushSetupError;

/// How long a token serves; push services refuse more than 24 hours.
const TOKEN_SECONDS: i64 = 12 * 3_600;
/// How long before its end it is made anew.
const MARGIN_SECONDS: i64 = 3_600;
/// Push services whose tokens are kept; there are a handful.
const MAX_KEPT: usize = 256;

/// The server's own key pair: ECDSA on P-256.
#[derive(Clone)]
pub struct VapidKey(Vec<u8>);

impl VapidKey {
    /// Makes a key.
    pub fn generate() -> Result<Self, PushSetupError> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let made = made.map_err(|_| PushSetupError("the system gives no random numbers".into()))?;
        Ok(Self(made.as_ref().to_vec()))
    }

    /// Takes a key in PKCS #8, as [`VapidKey::as_bytes`] wrote it.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, PushSetupError> {
        let key = Self(bytes);
        key.public()?;
        Ok(key)
    }

    /// Writes the key in PKCS #8, DER.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn public(&self) -> Result<String, PushSetupError> {
        let random = SystemRandom::new();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.0, &random);
        let pair = pair.map_err(|error| PushSetupError(format!("not a P-256 key: {error}")))?;
        Ok(URL_SAFE_NO_PAD.encode(pair.public_key()))
    }
}

/// Signs for push services.
pub(super) struct Vapid {
    key: EncodingKey,
    public_key: String,
    contact: Option<String>,
    /// By the push service's origin: the header, and until when it is used (seconds since 1970).
    kept: Mutex<HashMap<String, (String, i64)>>,
}

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
}

impl Vapid {
    pub(super) fn new(key: VapidKey, contact: Option<String>) -> Result<Self, PushSetupError> {
        Ok(Self {
            public_key: key.public()?,
            key: EncodingKey::from_ec_der(key.as_bytes()),
            contact,
            kept: Mutex::default(),
        })
    }

    pub(super) fn public_key(&self) -> &str {
        &self.public_key
    }

    /// Returns the header that says who sends, signed for the subscription's push service alone.
    pub(super) fn authorization(
        &self,
        subscription: &Subscription,
        now: Timestamp,
    ) -> Result<String, jsonwebtoken::errors::Error> {
        let now = now.unix_millis().div_euclid(1_000);
        let audience = subscription.endpoint.origin().ascii_serialization();
        if let Some((header, until)) = self.kept.lock().get(&audience)
            && now < *until
        {
            return Ok(header.clone());
        }
        let claims = Claims {
            aud: &audience,
            exp: now + TOKEN_SECONDS,
            sub: self.contact.as_deref(),
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &self.key)?;
        let header = format!("vapid t={token}, k={}", self.public_key);
        let mut kept = self.kept.lock();
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(
            audience,
            (header.clone(), now + TOKEN_SECONDS - MARGIN_SECONDS),
        );
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(endpoint: &str) -> Subscription {
        Subscription {
            endpoint: endpoint.parse().unwrap(),
            public_key: [4; 65],
            auth: [0; 16],
        }
    }

    #[test]
    fn a_key_comes_back_as_it_was() {
        let key = VapidKey::generate().unwrap();
        let again = VapidKey::from_bytes(key.as_bytes().to_vec()).unwrap();
        assert_eq!(again.public().unwrap(), key.public().unwrap());
        assert!(VapidKey::from_bytes(vec![1, 2, 3]).is_err());
    }

    #[test]
    fn a_token_is_for_one_push_service_and_made_anew_before_it_ends() {
        let vapid = Vapid::new(VapidKey::generate().unwrap(), None).unwrap();
        let at = |hours: i64| Timestamp::from_unix_millis(hours * 3_600_000);
        let header = |endpoint: &str, hours| {
            let subscription = subscription(endpoint);
            vapid.authorization(&subscription, at(hours)).unwrap()
        };
        let first = header("https://one.example/a", 0);
        assert_eq!(header("https://one.example/b", 10), first);
        assert_ne!(header("https://two.example/a", 0), first);
        assert_ne!(header("https://one.example/a", 11), first);
    }
}
