//! Who is asking: one answer for both transports.

mod api_key;
mod bearer;
mod claims;
mod gate;
mod keys;
mod name;
mod own_key;
mod password;
mod profile;
mod source;
mod standing;
mod tokens;
mod user_accounts;

pub(crate) use bearer::bearer;
pub use gate::Gate;
pub(crate) use keys::count_app_keys;
pub(crate) use own_key::FILE as OWN_KEY_FILE;
pub use own_key::own_key;
pub use password::Passwords;
pub use standing::Standing;
pub use tokens::{Signed, Tokens};
pub use user_accounts::{UserAccounts, UserAccountsPorts, shape};

use async_trait::async_trait;
use chinwag_core::owner::Caller;
use chinwag_proto::{CloseCode, ErrorCode, Problem, SessionId, Timestamp, UserId};

/// Who stands behind a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The user in whose name it speaks; none where an API key speaks for nobody yet.
    pub user: Option<UserId>,
    /// When the token was issued: what revocations compare. The Unix epoch where a foreign token doesn't say.
    pub issued_at: Timestamp,
    /// When the token expires; never, for an API key.
    pub expires_at: Option<Timestamp>,
    /// Whether it is an API key.
    pub api_key: bool,
}

impl Authenticated {
    /// Makes the caller of a use case; refuses an API key that speaks for nobody.
    pub fn caller(&self, session: Option<SessionId>) -> Result<Caller, Problem> {
        let Some(user) = self.user.clone() else {
            let detail = "an API key says for which user it asks by the header Chinwag-User";
            return Err(Problem::new(ErrorCode::Forbidden, detail));
        };
        Ok(Caller {
            user,
            session,
            api_key: self.api_key,
        })
    }
}

/// Why a credential is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// It was valid once: a new token helps.
    #[error("the token has expired")]
    Expired,
    /// It is none of ours, for this reason.
    #[error("the token is not valid: {0}")]
    Invalid(&'static str),
    /// It will be valid soon, by the clock of this node, which may be the one that is wrong: trying again helps.
    #[error("the token isn't valid yet: the clock of who signed it or of this server is wrong")]
    Early,
    /// The user is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// It was revoked or logged out.
    #[error("the token was revoked")]
    Revoked,
    /// It can't be checked at the moment.
    #[error("credentials can't be checked at the moment")]
    Unavailable,
}

impl AuthError {
    /// Returns what a client is told.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let code = match self {
            Self::Expired | Self::Invalid(_) | Self::Revoked => ErrorCode::Unauthorized,
            Self::Disabled => ErrorCode::Disabled,
            Self::Early | Self::Unavailable => ErrorCode::Unavailable,
        };
        Problem::new(code, self.to_string())
    }

    /// Returns the code that a WebSocket closes with; none where the client may try again on it.
    #[must_use]
    pub fn close_code(&self) -> Option<CloseCode> {
        match self {
            Self::Expired => Some(CloseCode::TokenExpired),
            Self::Invalid(_) => Some(CloseCode::BadToken),
            Self::Disabled | Self::Revoked => Some(CloseCode::Revoked),
            Self::Early | Self::Unavailable => None,
        }
    }
}

/// Tells who stands behind a bearer credential.
///
/// - The credential is a JWT or an API key (`ck_…`), without the word `Bearer`.
/// - `acting_as` is whom an API key speaks for; a JWT with it is refused unless it names its own user.
/// - A user comes into being by the first token. Disabled users and revoked tokens are refused, at the latest 5 s
///   after the change on another node, at once after one on this node.
#[async_trait]
pub trait Authenticator: Send + Sync + 'static {
    /// Authenticates; bounded work, and never a word of the credential in errors or logs.
    async fn authenticate(
        &self,
        credential: &str,
        acting_as: Option<&UserId>,
    ) -> Result<Authenticated, AuthError>;
}
