//! The one [`Authenticator`] of both transports.

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_core::{
    Clock,
    model::UserRow,
    ports::{Accounts, EngineError},
};
use chinwag_proto::UserId;

use super::{
    AuthError, Authenticated, Authenticator, api_key, claims::Verified, standing::Standing,
    tokens::Tokens,
};

/// Checks tokens against keys and clock, and users and API keys against the directory.
pub struct Gate {
    tokens: Arc<Tokens>,
    standing: Arc<Standing>,
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    /// Whether a token makes its user: true where the app signs, false where this server gives tokens to users
    /// that it has, so that one who was removed doesn't come back by an old token.
    makes_users: bool,
}

impl Gate {
    /// Makes the gate.
    #[must_use]
    pub fn new(
        tokens: Arc<Tokens>,
        standing: Arc<Standing>,
        accounts: Arc<dyn Accounts>,
        clock: Arc<dyn Clock>,
        makes_users: bool,
    ) -> Self {
        Self {
            tokens,
            standing,
            accounts,
            clock,
            makes_users,
        }
    }

    async fn by_api_key(
        &self,
        text: &str,
        acting_as: Option<&UserId>,
    ) -> Result<Authenticated, AuthError> {
        let unknown = AuthError::Invalid("there is no such API key");
        let id = api_key::id_of(text).ok_or(unknown.clone())?;
        let keys = self.standing.keys().await.map_err(away)?;
        let row = keys
            .iter()
            .find(|row| row.id == id)
            .ok_or(unknown.clone())?;
        if !api_key::matches(row, text) {
            return Err(unknown);
        }
        if let Some(user) = acting_as
            && self.standing.user(user).await.map_err(away)?.is_none()
        {
            self.make_user(user, None).await?;
        }
        Ok(Authenticated {
            user: acting_as.cloned(),
            issued_at: row.created_at,
            expires_at: None,
            api_key: true,
        })
    }

    async fn by_token(
        &self,
        token: &str,
        acting_as: Option<&UserId>,
    ) -> Result<Authenticated, AuthError> {
        let verified = self.tokens.verify(token).await?;
        if acting_as.is_some_and(|user| *user != verified.user) {
            return Err(AuthError::Invalid(
                "only an API key speaks for another user",
            ));
        }
        match self.standing.user(&verified.user).await.map_err(away)? {
            Some(row) => check_standing(&row, &verified)?,
            None if self.makes_users => {
                self.make_user(&verified.user, verified.name.clone())
                    .await?
            }
            None => return Err(AuthError::Revoked),
        }
        Ok(Authenticated {
            user: Some(verified.user),
            issued_at: verified.issued_at,
            expires_at: Some(verified.expires_at),
            api_key: false,
        })
    }

    async fn make_user(&self, user: &UserId, name: Option<String>) -> Result<(), AuthError> {
        let mut row = UserRow::new(user.clone(), self.clock.now());
        row.name = name.filter(|name| super::profile::is_name(name));
        self.accounts.create_users(vec![row]).await.map_err(away)?;
        Ok(())
    }
}

fn check_standing(row: &UserRow, token: &Verified) -> Result<(), AuthError> {
    if row.disabled {
        return Err(AuthError::Disabled);
    }
    let revoked = row
        .revoked_before
        .is_some_and(|before| token.issued_at < before);
    let ended = row
        .ended_tokens
        .iter()
        .any(|ended| ended.issued_at == token.issued_at);
    if revoked || ended {
        return Err(AuthError::Revoked);
    }
    Ok(())
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn away(error: EngineError) -> AuthError {
    tracing::error!(%error, "can't read accounts");
    AuthError::Unavailable
}

#[async_trait]
impl Authenticator for Gate {
    async fn authenticate(
        &self,
        credential: &str,
        acting_as: Option<&UserId>,
    ) -> Result<Authenticated, AuthError> {
        if credential.starts_with(api_key::PREFIX) {
            self.by_api_key(credential, acting_as).await
        } else {
            self.by_token(credential, acting_as).await
        }
    }
}
