//! What an app's backend or an operator does with any account.

use chinwag_core::model::UserRow;
use chinwag_proto::{Problem, UserId, http::TokenAnswer, shapes::User};

use super::{UserAccounts, check_name, shape};

impl UserAccounts {
    /// Sets a user's password, by an operator; all tokens so far are revoked.
    pub async fn set_password(&self, user: &UserId, password: &str) -> Result<(), Problem> {
        self.put_password(user, password, "/password").await
    }

    /// Makes a user or changes the name; the answer says whether it was made.
    pub async fn put_user(
        &self,
        user: &UserId,
        name: Option<String>,
    ) -> Result<(User, bool), Problem> {
        self.put_user_with(user, name, None).await
    }

    /// Hashes a password for a user to be made by an operator.
    pub async fn hash_password(&self, password: &str) -> Result<String, Problem> {
        self.passwords.hash(password, "/password").await
    }

    /// Makes a user with a password's hash, or changes the name; the hash counts only where it was made.
    pub async fn put_user_with(
        &self,
        user: &UserId,
        name: Option<String>,
        password_hash: Option<String>,
    ) -> Result<(User, bool), Problem> {
        if let Some(name) = &name {
            check_name(name)?;
        }
        let mut row = UserRow::new(user.clone(), self.clock.now());
        row.name.clone_from(&name);
        row.password_hash = password_hash;
        let made = self.accounts.create_users(vec![row.clone()]).await? == [true];
        if !made && name.is_some() {
            row = self.change(user, |row, _| row.name = name).await?;
        } else if !made {
            row = self.existing(user).await?;
        }
        Ok((shape(&row), made))
    }

    /// Changes a user's name.
    pub async fn rename(&self, user: &UserId, name: Option<String>) -> Result<User, Problem> {
        match name {
            None => Ok(shape(&self.existing(user).await?)),
            Some(name) => {
                check_name(&name)?;
                let row = self.change(user, |row, _| row.name = Some(name)).await?;
                Ok(shape(&row))
            }
        }
    }

    /// Disables a user, whose sessions close, or enables one again.
    pub async fn set_disabled(&self, user: &UserId, disabled: bool) -> Result<User, Problem> {
        let row = self.change(user, |row, _| row.disabled = disabled).await?;
        if disabled {
            self.close(user, None).await;
        }
        Ok(shape(&row))
    }

    /// Revokes all tokens issued before now; their sessions close.
    pub async fn revoke(&self, user: &UserId) -> Result<User, Problem> {
        let row = self
            .change(user, |row, now| row.revoked_before = Some(now))
            .await?;
        self.close(user, row.revoked_before).await;
        Ok(shape(&row))
    }

    /// Removes a user's account and devices; whoever calls has ended the memberships.
    pub async fn remove(&self, user: &UserId) -> Result<(), Problem> {
        let _one = self.changing.lock().await;
        self.accounts.remove_user(user).await?;
        self.standing.forget(user);
        self.close(user, None).await;
        Ok(())
    }

    /// Signs a token for a user, by an operator. Errors: `unknownUser`, or only the app can sign.
    pub async fn token_for(&self, user: &UserId) -> Result<TokenAnswer, Problem> {
        let row = self.existing(user).await?;
        self.answer(&row)
    }

    /// Reads one user as others see them.
    pub async fn user(&self, user: &UserId) -> Result<User, Problem> {
        self.existing(user).await.map(|row| shape(&row))
    }

    /// Lists users in order of id, after one.
    pub async fn users(
        &self,
        after: Option<&UserId>,
        limit: usize,
    ) -> Result<Vec<UserRow>, Problem> {
        self.accounts
            .find_users("", after, limit)
            .await
            .map_err(Problem::from)
    }
}
