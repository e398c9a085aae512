//! Access by a service account: a signed assertion for a token that serves an hour (RFC 7523).

use std::{sync::Arc, time::Duration};

use chinwag_core::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::{Client, Url};
use serde::{Deserialize, Serialize};

use crate::push::{self, Fresh, PushSetupError};

const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// How long an assertion serves; Google takes no longer one.
const ASSERTION_SECONDS: i64 = 3_600;
/// How long before its end a token is made anew.
const MARGIN: Duration = Duration::from_secs(300);

/// What of a service account's key file is needed.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    pub(super) project_id: String,
    client_email: String,
    private_key: String,
    token_uri: String,
}

impl ServiceAccount {
    pub(super) fn read(text: &str) -> Result<Self, PushSetupError> {
        let read: Result<Self, _> = serde_json::from_str(text);
        let account = read.map_err(|error| {
            // serde_json's words name the field, never its value.
            PushSetupError(format!("not a service account's key file: {error}"))
        })?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
        if account.project_id.is_empty() || !account.project_id.bytes().all(plain) {
            return Err(PushSetupError("project_id is no project's id".into()));
        }
        Ok(account)
    }
}

/// Gets access tokens and keeps the last one.
pub(super) struct AccessTokens {
    account: ServiceAccount,
    key: EncodingKey,
    url: Url,
    client: Client,
    clock: Arc<dyn Clock>,
    held: Fresh,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    scope: &'static str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: u64,
}

impl AccessTokens {
    pub(super) fn new(
        account: ServiceAccount,
        client: Client,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, PushSetupError> {
        let key = EncodingKey::from_rsa_pem(account.private_key.as_bytes());
        let key = key.map_err(|error| PushSetupError(format!("private_key: {error}")))?;
        let tokens = Self {
            url: push::provider_url("token_uri", &account.token_uri)?,
            account,
            key,
            client,
            clock,
            held: Fresh::new(),
        };
        // A key that can't sign is told at the start, not at the first note.
        let signed = tokens.assertion();
        signed.map_err(|error| PushSetupError(format!("private_key: {error}")))?;
        Ok(tokens)
    }

    /// Returns a token that serves.
    pub(super) async fn get(&self) -> Result<String, String> {
        self.held.get(self.clock.elapsed(), self.fetch()).await
    }

    /// Forgets a token that was refused.
    pub(super) async fn forget(&self, token: &str) {
        self.held.forget(token).await;
    }

    fn assertion(&self) -> Result<String, jsonwebtoken::errors::Error> {
        let issued_at = self.clock.now().unix_millis() / 1_000;
        let claims = Claims {
            iss: &self.account.client_email,
            scope: SCOPE,
            aud: &self.account.token_uri,
            iat: issued_at,
            exp: issued_at + ASSERTION_SECONDS,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
    }

    async fn fetch(&self) -> Result<(String, Duration), String> {
        let assertion = self.assertion().map_err(|error| error.to_string())?;
        let form = [("grant_type", GRANT_TYPE), ("assertion", &assertion)];
        let request = self.client.post(self.url.clone()).form(&form);
        let response = request.send().await;
        let response = response.map_err(|error| error.without_url().to_string())?;
        let answer = push::answer(response, &*self.clock).await;
        let granted: Option<Granted> = answer.json();
        match granted {
            Some(granted) if answer.status.is_success() => {
                let serves_for = Duration::from_secs(granted.expires_in).saturating_sub(MARGIN);
                Ok((granted.access_token, serves_for))
            }
            _ => Err(answer.text()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_service_accounts_is_refused_without_its_secret() {
        let refused = |text: &str| match ServiceAccount::read(text) {
            Ok(_) => panic!("{text} was taken"),
            Err(error) => error.to_string(),
        };
        assert!(refused("{}").contains("project_id"));
        let other = r#"{"type": "authorized_user", "private_key": "very secret"}"#;
        assert!(!refused(other).contains("very secret"));
        let elsewhere =
            r#"{"project_id": "a/../b", "client_email": "", "private_key": "", "token_uri": ""}"#;
        assert!(refused(elsewhere).contains("project_id"));
    }
}
