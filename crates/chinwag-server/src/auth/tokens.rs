//! Checks tokens, and signs them where this server has the key for that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chinwag_core::Clock;
use chinwag_proto::{Timestamp, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, errors::ErrorKind};

use super::{
    AuthError,
    claims::{Audience, Claims, Verified, seconds},
    keys::KeySet,
    source::Source,
};
use crate::config::{self, AuthConfig, TokenKeys};

/// A token of any app is far smaller; what is larger isn't looked at.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Checks and signs tokens, with one algorithm and no other.
pub struct Tokens {
    algorithm: Algorithm,
    keys: Keys,
    issuer: Option<String>,
    audience: Option<String>,
    ttl: Duration,
    clock: Arc<dyn Clock>,
    /// When the last token was issued: no two of one process have the same time, which names a token.
    last_issued: AtomicI64,
}

enum Keys {
    Shared {
        verify: DecodingKey,
        sign: EncodingKey,
    },
    Public(KeySet),
}

/// A token that was signed.
#[derive(Debug, Clone, PartialEq)]
pub struct Signed {
    /// The JWT.
    pub token: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

impl Tokens {
    /// Makes them from the configuration; `own_secret` is this server's own key, used where no app's is configured.
    pub fn new(
        config: &AuthConfig,
        own_secret: &[u8],
        clock: Arc<dyn Clock>,
    ) -> Result<Self, String> {
        let (algorithm, keys) = match &config.keys {
            TokenKeys::Own => (Algorithm::HS256, shared(own_secret)),
            TokenKeys::Secret(secret) => (Algorithm::HS256, shared(secret.as_bytes())),
            TokenKeys::File(path, algorithm) => {
                let source = Source::File(path.clone());
                public(source, *algorithm, Duration::from_secs(1), &clock)
            }
            TokenKeys::Url {
                url,
                algorithm,
                interval,
                private,
            } => {
                let source = Source::url(url, *private)
                    .map_err(|error| format!("auth.jwks_url: {error}"))?;
                public(source, *algorithm, *interval, &clock)
            }
        };
        Ok(Self {
            algorithm,
            keys,
            issuer: config.issuer.clone(),
            audience: config.audience.clone(),
            ttl: config.token_ttl,
            clock,
            last_issued: AtomicI64::new(0),
        })
    }

    /// Checks signature, times, issuer and audience.
    pub(super) async fn verify(&self, token: &str) -> Result<Verified, AuthError> {
        let malformed = AuthError::Invalid("it is no JWT");
        if token.len() > MAX_TOKEN_BYTES {
            return Err(malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| malformed)?;
        if header.alg != self.algorithm {
            return Err(AuthError::Invalid(
                "it is signed by another algorithm than configured",
            ));
        }
        if header.crit.is_some() {
            return Err(AuthError::Invalid(
                "it needs extensions that are not known here",
            ));
        }
        let key = match &self.keys {
            Keys::Shared { verify, .. } => verify.clone(),
            Keys::Public(set) => set.find(header.kid.as_deref()).await?,
        };
        let decoded = jsonwebtoken::decode::<Claims>(token, &key, &self.signature_only());
        let claims = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => AuthError::Invalid("its signature is wrong"),
            _ => AuthError::Invalid("its claims can't be read"),
        })?;
        claims.claims.check(
            self.clock.now(),
            self.issuer.as_deref(),
            self.audience.as_deref(),
        )
    }

    /// The library checks the signature alone; the claims are checked against the injected clock.
    fn signature_only(&self) -> Validation {
        let mut validation = Validation::new(self.algorithm);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        validation
    }

    /// Signs a token for a user; none where only the app has the key.
    #[must_use]
    pub fn sign(&self, user: &UserId, name: Option<&str>) -> Option<Signed> {
        let Keys::Shared { sign, .. } = &self.keys else {
            return None;
        };
        let issued_at = self.next_issue();
        let ttl = i64::try_from(self.ttl.as_millis()).unwrap_or(i64::MAX);
        let expires_at = issued_at.plus_millis(ttl);
        let claims = Claims {
            sub: user.as_str().into(),
            exp: Some(seconds(expires_at)),
            iat: Some(seconds(issued_at)),
            nbf: None,
            name: name.map(str::to_owned),
            iss: self.issuer.clone(),
            aud: self.audience.clone().map(Audience::One),
        };
        let token = jsonwebtoken::encode(&Header::new(self.algorithm), &claims, sign).ok()?;
        Some(Signed { token, expires_at })
    }

    fn next_issue(&self) -> Timestamp {
        let now = self.clock.now().unix_millis();
        let next = |last: i64| Some(now.max(last + 1));
        let last = self
            .last_issued
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let last = last.unwrap_or_default();
        Timestamp::from_unix_millis(now.max(last + 1))
    }
}

fn shared(secret: &[u8]) -> Keys {
    Keys::Shared {
        verify: DecodingKey::from_secret(secret),
        sign: EncodingKey::from_secret(secret),
    }
}

fn public(
    source: Source,
    algorithm: config::Algorithm,
    interval: Duration,
    clock: &Arc<dyn Clock>,
) -> (Algorithm, Keys) {
    let algorithm = algorithm.into();
    let keys = KeySet::new(source, algorithm, interval, Arc::clone(clock));
    (algorithm, Keys::Public(keys))
}
