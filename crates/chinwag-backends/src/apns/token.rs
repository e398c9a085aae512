//! The token that says which team sends, signed with its key.

use std::{sync::Arc, time::Duration};

use chinwag_core::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::push::{Fresh, PushSetupError};

/// How long a token is used: APNs refuses one older than an hour, and a new one more often than every 20 minutes.
const USED_FOR: Duration = Duration::from_secs(50 * 60);

/// Makes tokens and keeps the last one.
pub(super) struct ProviderTokens {
    key: EncodingKey,
    key_id: String,
    team_id: String,
    clock: Arc<dyn Clock>,
    held: Fresh,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
}

impl ProviderTokens {
    pub(super) fn new(
        key: &str,
        key_id: String,
        team_id: String,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PushSetupError> {
        let key = EncodingKey::from_ec_pem(key.as_bytes());
        let key = key.map_err(|error| {
            PushSetupError(format!(
                "push.apns.key_file: not a P-256 key in PEM: {error}"
            ))
        })?;
        let tokens = Self {
            key,
            key_id,
            team_id,
            clock,
            held: Fresh::new(),
        };
        // A key that can't sign is told at the start, not at the first note.
        tokens.sign().map_err(PushSetupError)?;
        Ok(tokens)
    }

    /// Returns a token that serves.
    pub(super) async fn get(&self) -> Result<String, String> {
        let make = async { Ok((self.sign()?, USED_FOR)) };
        self.held.get(self.clock.elapsed(), make).await
    }

    /// Forgets a token that was refused.
    pub(super) async fn forget(&self, token: &str) {
        self.held.forget(token).await;
    }

    fn sign(&self) -> Result<String, String> {
        let header = Header {
            kid: Some(self.key_id.clone()),
            ..Header::new(Algorithm::ES256)
        };
        let claims = Claims {
            iss: &self.team_id,
            iat: self.clock.now().unix_millis() / 1_000,
        };
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|error| error.to_string())
    }
}
