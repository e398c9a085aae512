//! What people do with their own accounts.

use chinwag_core::{
    model::{EndedToken, UserRow},
    ports::BusMessage,
};
use chinwag_proto::{
    CloseCode, ErrorCode, Problem, Timestamp, UserId,
    http::{ChangePassword, Login, Register, TokenAnswer},
};

use super::{UserAccounts, check_name};
use crate::auth::{Authenticated, name};

/// Logged-out tokens remembered for a user; beyond, the oldest and all that are older are revoked together.
const ENDED_TOKENS: usize = 32;

impl UserAccounts {
    /// Makes an account. Errors: `nameTaken`, `badRequest`, `overloaded`, `notFound` where accounts are the app's.
    pub async fn register(&self, request: Register) -> Result<TokenAnswer, Problem> {
        self.require_stand_alone()?;
        let user = name::prepare(&request.user_id)?;
        if let Some(name) = &request.name {
            check_name(name)?;
        }
        if self.read(&user).await?.is_some() {
            return Err(name_taken());
        }
        let hash = self.passwords.hash(&request.password, "/password").await?;
        let mut row = UserRow::new(user, self.clock.now());
        row.name = request.name;
        row.password_hash = Some(hash);
        // Of two at the same instant the store makes one.
        let made = self.accounts.create_users(vec![row.clone()]).await?;
        if made != [true] {
            return Err(name_taken());
        }
        self.answer(&row)
    }

    /// Checks a password. Errors: `badCredentials`, `disabled`, `overloaded`.
    pub async fn login(&self, request: Login) -> Result<TokenAnswer, Problem> {
        self.require_stand_alone()?;
        let row = match name::prepare(&request.user_id) {
            Ok(user) => self.read(&user).await?,
            Err(_) => None,
        };
        let hash = row.as_ref().and_then(|row| row.password_hash.as_deref());
        let matches = self.passwords.matches(&request.password, hash).await?;
        let Some(row) = row.filter(|_| matches) else {
            return Err(bad_credentials());
        };
        if row.disabled {
            return Err(Problem::new(ErrorCode::Disabled, "the account is disabled"));
        }
        self.answer(&row)
    }

    /// Gives a fresh token for one that still holds.
    pub async fn refresh(&self, who: &Authenticated) -> Result<TokenAnswer, Problem> {
        self.require_stand_alone()?;
        let row = self.existing(own(who)?).await?;
        self.answer(&row)
    }

    /// Changes the own password; all tokens so far are revoked and their sessions close.
    pub async fn change_password(
        &self,
        who: &Authenticated,
        request: ChangePassword,
    ) -> Result<TokenAnswer, Problem> {
        self.require_stand_alone()?;
        let user = own(who)?;
        let before = self.existing(user).await?;
        if !self
            .passwords
            .matches(&request.password, before.password_hash.as_deref())
            .await?
        {
            return Err(bad_credentials());
        }
        self.put_password(user, &request.new_password, "/newPassword")
            .await?;
        let row = self.existing(user).await?;
        self.answer(&row)
    }

    /// Ends the token that asks: it is refused from now on and its sessions close.
    pub async fn logout(&self, who: &Authenticated) -> Result<(), Problem> {
        let user = own(who)?;
        let Some(expires_at) = who.expires_at else {
            return Ok(());
        };
        let ended = EndedToken {
            issued_at: who.issued_at,
            expires_at,
        };
        self.change(user, |row, now| end_token(row, ended, now))
            .await?;
        let close = BusMessage::Close {
            user: user.clone(),
            session: None,
            except: None,
            issued_before: None,
            issued_at: Some(who.issued_at),
            code: CloseCode::Revoked,
        };
        self.delivery
            .to_users(std::slice::from_ref(user), close)
            .await;
        Ok(())
    }
}

fn end_token(row: &mut UserRow, ended: EndedToken, now: Timestamp) {
    row.ended_tokens
        .retain(|old| old.expires_at > now && old.issued_at != ended.issued_at);
    row.ended_tokens.push(ended);
    row.ended_tokens.sort_by_key(|old| old.issued_at);
    if row.ended_tokens.len() > ENDED_TOKENS {
        let oldest = row.ended_tokens.remove(0);
        let before = oldest.issued_at.plus_millis(1);
        row.revoked_before = row.revoked_before.max(Some(before));
    }
}

fn own(who: &Authenticated) -> Result<&UserId, Problem> {
    match &who.user {
        Some(user) if !who.api_key => Ok(user),
        _ => Err(Problem::new(
            ErrorCode::Forbidden,
            "this is for a user's own token",
        )),
    }
}

fn name_taken() -> Problem {
    Problem::new(
        ErrorCode::NameTaken,
        "that name, or one spelled alike, is taken",
    )
}

fn bad_credentials() -> Problem {
    Problem::new(
        ErrorCode::BadCredentials,
        "name and password don't belong together",
    )
}
