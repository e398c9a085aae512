//! The API keys of an app's own backend.

use chinwag_core::model::ApiKey;
use chinwag_proto::{ErrorCode, Problem};

use super::UserAccounts;
use crate::auth::{api_key, profile::is_name};

impl UserAccounts {
    /// Makes an API key; the text is shown once and not kept.
    pub async fn add_key(&self, name: &str) -> Result<(ApiKey, String), Problem> {
        if !is_name(name) {
            return Err(Problem::field(
                "/name",
                "a name has 1 to 256 bytes and no control characters",
            ));
        }
        let (row, text) = api_key::generate(name, self.clock.now());
        self.accounts.put_key(row.clone()).await?;
        self.standing.forget_keys();
        Ok((row, text))
    }

    /// Lists the API keys, the revoked ones too.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Problem> {
        Ok(self.accounts.keys().await?)
    }

    /// Revokes an API key.
    pub async fn revoke_key(&self, id: &str) -> Result<(), Problem> {
        let _one = self.changing.lock().await;
        let keys = self.keys().await?;
        let Some(mut row) = keys.into_iter().find(|key| key.id == id) else {
            return Err(Problem::new(
                ErrorCode::NotFound,
                "there is no such API key",
            ));
        };
        row.revoked_at.get_or_insert(self.clock.now());
        self.accounts.put_key(row).await?;
        self.standing.forget_keys();
        Ok(())
    }
}
