//! Changes to accounts: what people do with their own, and what an app's backend or an operator does with any.

mod administration;
mod app_keys;
mod self_service;
mod spelling;

use std::sync::Arc;

use chinwag_core::{
    Clock,
    delivery::Delivery,
    model::UserRow,
    ports::{Accounts, BusMessage},
};
use chinwag_proto::{
    CloseCode, ErrorCode, Problem, Timestamp, UserId, http::TokenAnswer, shapes::User,
};
use tokio::sync::Mutex;

use super::{password::Passwords, profile::is_name, standing::Standing, tokens::Tokens};

/// Changes accounts, and closes the sessions that a change ends.
pub struct UserAccounts {
    accounts: Arc<dyn Accounts>,
    delivery: Arc<Delivery>,
    standing: Arc<Standing>,
    tokens: Arc<Tokens>,
    passwords: Passwords,
    clock: Arc<dyn Clock>,
    /// Whether people register here; else accounts are the app's.
    stand_alone: bool,
    /// One change at a time, since a change reads, decides and writes a whole row.
    changing: Mutex<()>,
}

/// What [`UserAccounts`] needs.
pub struct UserAccountsPorts {
    /// Users and keys.
    pub accounts: Arc<dyn Accounts>,
    /// Brings the word to sessions that must close.
    pub delivery: Arc<Delivery>,
    /// The cache that a change empties.
    pub standing: Arc<Standing>,
    /// Signs tokens.
    pub tokens: Arc<Tokens>,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

impl UserAccounts {
    /// Makes the use cases; `stand_alone` lets people register.
    #[must_use]
    pub fn new(ports: UserAccountsPorts, stand_alone: bool) -> Self {
        Self {
            accounts: ports.accounts,
            delivery: ports.delivery,
            standing: ports.standing,
            tokens: ports.tokens,
            passwords: ports.passwords,
            clock: ports.clock,
            stand_alone,
            changing: Mutex::new(()),
        }
    }

    /// Returns whether people register and sign in here; else accounts are the app's.
    #[must_use]
    pub fn is_stand_alone(&self) -> bool {
        self.stand_alone
    }

    async fn put_password(
        &self,
        user: &UserId,
        password: &str,
        pointer: &str,
    ) -> Result<(), Problem> {
        let hash = self.passwords.hash(password, pointer).await?;
        self.change(user, |row, now| {
            row.password_hash = Some(hash);
            row.revoked_before = Some(now);
        })
        .await?;
        self.close(user, None).await;
        Ok(())
    }

    async fn change(
        &self,
        user: &UserId,
        change: impl FnOnce(&mut UserRow, Timestamp),
    ) -> Result<UserRow, Problem> {
        let _one = self.changing.lock().await;
        let mut row = self.existing(user).await?;
        let now = self.clock.now();
        change(&mut row, now);
        row.changed_at = now;
        self.accounts.put_user(row.clone()).await?;
        self.standing.forget(user);
        Ok(row)
    }

    async fn close(&self, user: &UserId, issued_before: Option<Timestamp>) {
        let close = BusMessage::Close {
            user: user.clone(),
            session: None,
            except: None,
            issued_before,
            issued_at: None,
            code: CloseCode::Revoked,
        };
        self.delivery
            .to_users(std::slice::from_ref(user), close)
            .await;
    }

    async fn read(&self, user: &UserId) -> Result<Option<UserRow>, Problem> {
        let read = self.accounts.users(std::slice::from_ref(user)).await?;
        Ok(read.into_iter().next().flatten())
    }

    async fn existing(&self, user: &UserId) -> Result<UserRow, Problem> {
        let unknown = || {
            Problem::new(
                ErrorCode::UnknownUser,
                format!("there is no user {:?}", user.as_str()),
            )
        };
        self.read(user).await?.ok_or_else(unknown)
    }

    fn answer(&self, row: &UserRow) -> Result<TokenAnswer, Problem> {
        let signed = self
            .tokens
            .sign(&row.id, row.name.as_deref())
            .ok_or_else(|| {
                let detail = "tokens are signed by the app, whose private key isn't here";
                Problem::new(ErrorCode::Forbidden, detail)
            })?;
        Ok(TokenAnswer {
            token: signed.token,
            expires_at: signed.expires_at,
            user: shape(row),
        })
    }

    fn require_stand_alone(&self) -> Result<(), Problem> {
        if self.stand_alone {
            return Ok(());
        }
        let detail = "accounts are the app's: its own key is configured here";
        Err(Problem::new(ErrorCode::NotFound, detail))
    }
}

fn check_name(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::field(
        "/name",
        "a name has 1 to 256 bytes and no control characters",
    ))
}

/// Renders a user as others see them.
#[must_use]
pub fn shape(row: &UserRow) -> User {
    User {
        id: row.id.clone(),
        name: row.name.clone(),
        disabled: row.disabled,
    }
}
