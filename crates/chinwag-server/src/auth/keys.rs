//! Public keys of an app (JWKS): found by `kid`, fetched again within bounds when an unknown one comes.

use std::{sync::Arc, time::Duration};

use chinwag_core::Clock;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use parking_lot::Mutex;

use super::{AuthError, source::Source};
use crate::config::{self, TokenKeys};

/// Keys older than this are fetched again even without an unknown `kid`, so that a withdrawn key goes.
const MAX_AGE: Duration = Duration::from_secs(600);
/// A set of keys beyond this is no set of signing keys.
const MAX_KEYS: usize = 100;

impl From<config::Algorithm> for Algorithm {
    fn from(algorithm: config::Algorithm) -> Self {
        match algorithm {
            config::Algorithm::Rs256 => Self::RS256,
            config::Algorithm::Es256 => Self::ES256,
            config::Algorithm::EdDsa => Self::EdDSA,
        }
    }
}

/// Reads the app's keys once, and counts those of use; none where the app has a secret, or no keys at all.
pub(crate) async fn count_app_keys(keys: &TokenKeys) -> Option<Result<usize, String>> {
    let (source, algorithm) = match keys {
        TokenKeys::Own | TokenKeys::Secret(_) => return None,
        TokenKeys::File(path, algorithm) => (Ok(Source::File(path.clone())), *algorithm),
        TokenKeys::Url {
            url,
            algorithm,
            private,
            ..
        } => (Source::url(url, *private), *algorithm),
    };
    let counting = async {
        let bytes = source?.read().await?;
        Ok(parse(&bytes, algorithm.into()).len())
    };
    Some(counting.await)
}

/// The keys of an app, for one pinned algorithm.
pub(super) struct KeySet {
    source: Source,
    algorithm: Algorithm,
    interval: Duration,
    clock: Arc<dyn Clock>,
    keys: Mutex<Arc<Vec<Key>>>,
    /// When the last fetch began; held while one runs.
    fetched: tokio::sync::Mutex<Option<Duration>>,
}

struct Key {
    id: Option<String>,
    key: DecodingKey,
}

impl KeySet {
    pub(super) fn new(
        source: Source,
        algorithm: Algorithm,
        interval: Duration,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            source,
            algorithm,
            interval,
            clock,
            keys: Mutex::default(),
            fetched: tokio::sync::Mutex::new(None),
        }
    }

    /// Finds the key that a token names; without a name there must be only one.
    pub(super) async fn find(&self, id: Option<&str>) -> Result<DecodingKey, AuthError> {
        let before = Arc::clone(&self.keys.lock());
        let found = pick(&before, id);
        let Ok(mut fetched) = self.fetched.try_lock() else {
            // Somebody is fetching: a key that is known needn't wait for that.
            return match found {
                Some(key) => Ok(key),
                None => {
                    let _done = self.fetched.lock().await;
                    pick(&self.keys.lock(), id).ok_or(AuthError::Invalid("its key is not known"))
                }
            };
        };
        let age = fetched.map(|at| self.clock.elapsed().saturating_sub(at));
        let due = match (&found, age) {
            (_, None) => true,
            (Some(_), Some(age)) => age > MAX_AGE,
            (None, Some(age)) => age >= self.interval,
        };
        if !due {
            return found.ok_or(AuthError::Invalid("its key is not known"));
        }
        *fetched = Some(self.clock.elapsed());
        match self.source.read().await {
            Ok(bytes) => {
                let keys = parse(&bytes, self.algorithm);
                tracing::info!(keys = keys.len(), "read the app's public keys");
                *self.keys.lock() = Arc::new(keys);
            }
            Err(error) => {
                tracing::warn!(error, "can't read the app's public keys");
                return found.ok_or(AuthError::Unavailable);
            }
        }
        pick(&self.keys.lock(), id).ok_or(AuthError::Invalid("its key is not known"))
    }
}

fn pick(keys: &[Key], id: Option<&str>) -> Option<DecodingKey> {
    let found = match (id, keys) {
        (Some(_), _) => keys.iter().find(|key| key.id.as_deref() == id)?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    Some(found.key.clone())
}

/// Takes those keys that fit the algorithm and are for signatures; others are none of ours, not an error.
fn parse(bytes: &[u8], algorithm: Algorithm) -> Vec<Key> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<serde_json::Value>,
    }
    let Ok(set) = serde_json::from_slice::<Set>(bytes) else {
        tracing::warn!("the app's public keys are no JWKS");
        return Vec::new();
    };
    let jwks = set
        .keys
        .into_iter()
        .take(MAX_KEYS)
        .filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    jwks.filter(|jwk| fits(jwk, algorithm))
        .filter_map(|jwk| {
            let key = DecodingKey::from_jwk(&jwk).ok()?;
            (key.family() == algorithm.family()).then_some(Key {
                id: jwk.common.key_id,
                key,
            })
        })
        .collect()
}

fn fits(jwk: &Jwk, algorithm: Algorithm) -> bool {
    let named = jwk.common.key_algorithm.map(|named| named.to_string());
    let signs = matches!(
        jwk.common.public_key_use,
        None | Some(PublicKeyUse::Signature)
    );
    signs && named.is_none_or(|named| named == format!("{algorithm:?}"))
}
