//! Changes to accounts: what people do with their own, and what an app's backend or an operator does with any.

use std::sync::Arc;

use chinwag_core::{
    Clock,
    delivery::Delivery,
    model::{ApiKey, EndedToken, UserRow},
    owner::engine_problem,
    ports::{Accounts, BusMessage, EngineError},
};
use chinwag_proto::{
    CloseCode, ErrorCode, Problem, Timestamp, UserId,
    http::{ChangePassword, Login, Register, TokenAnswer},
    shapes::User,
};
use tokio::sync::Mutex;

use super::{
    Authenticated, api_key, name, password::Passwords, profile::is_name, standing::Standing,
    tokens::Tokens,
};

/// Logged-out tokens remembered for a user; beyond, the oldest and all that are older are revoked together.
const ENDED_TOKENS: usize = 32;

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
        let made = self
            .accounts
            .create_users(vec![row.clone()])
            .await
            .map_err(engine)?;
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

    /// Sets a user's password, by an operator; all tokens so far are revoked.
    pub async fn set_password(&self, user: &UserId, password: &str) -> Result<(), Problem> {
        self.put_password(user, password, "/password").await
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
        let made = self
            .accounts
            .create_users(vec![row.clone()])
            .await
            .map_err(engine)?
            == [true];
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
        self.accounts.remove_user(user).await.map_err(engine)?;
        self.standing.forget(user);
        self.close(user, None).await;
        Ok(())
    }

    /// Signs a token for a user, by an operator. Errors: `unknownUser`, or only the app can sign.
    pub async fn token_for(&self, user: &UserId) -> Result<TokenAnswer, Problem> {
        let row = self.existing(user).await?;
        self.answer(&row)
    }

    /// Makes an API key; the text is shown once and not kept.
    pub async fn add_key(&self, name: &str) -> Result<(ApiKey, String), Problem> {
        if !is_name(name) {
            return Err(Problem::field(
                "/name",
                "a name has 1 to 256 bytes and no control characters",
            ));
        }
        let (row, text) = api_key::generate(name, self.clock.now());
        self.accounts.put_key(row.clone()).await.map_err(engine)?;
        self.standing.forget_keys();
        Ok((row, text))
    }

    /// Lists the API keys, the revoked ones too.
    pub async fn keys(&self) -> Result<Vec<ApiKey>, Problem> {
        self.accounts.keys().await.map_err(engine)
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
        self.accounts.put_key(row).await.map_err(engine)?;
        self.standing.forget_keys();
        Ok(())
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
            .map_err(engine)
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
        self.accounts.put_user(row.clone()).await.map_err(engine)?;
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
        let read = self
            .accounts
            .users(std::slice::from_ref(user))
            .await
            .map_err(engine)?;
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

fn check_name(name: &str) -> Result<(), Problem> {
    if is_name(name) {
        return Ok(());
    }
    Err(Problem::field(
        "/name",
        "a name has 1 to 256 bytes and no control characters",
    ))
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

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn engine(error: EngineError) -> Problem {
    engine_problem(&error)
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
