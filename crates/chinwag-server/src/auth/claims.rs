//! What a token says, and whether that holds at this moment.

use chinwag_proto::{Timestamp, UserId};
use serde::{Deserialize, Serialize};

use super::AuthError;

/// How far the clocks of who signs and who checks may differ.
pub(super) const CLOCK_SKEW_MS: i64 = 30_000;
/// How far this node's clock may be behind before the others have put it right, or somebody has: no token is refused for
/// good that only such a clock doesn't know yet.
const BEHIND_MS: i64 = 2 * 3_600_000;

/// The claims of a token that mean something here.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Claims {
    pub(super) sub: String,
    /// Seconds, perhaps with a fraction (RFC 7519's NumericDate); missing is refused.
    pub(super) exp: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) iat: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) nbf: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) iss: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aud: Option<Audience>,
}

/// One audience or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What a token with a good signature says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verified {
    pub(super) user: UserId,
    pub(super) name: Option<String>,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Timestamp,
}

impl Claims {
    /// Checks times, issuer and audience.
    pub(super) fn check(
        self,
        now: Timestamp,
        issuer: Option<&str>,
        audience: Option<&str>,
    ) -> Result<Verified, AuthError> {
        let expires_at = millis(self.exp.ok_or(AuthError::Invalid("it never expires"))?)?;
        let issued_at = self.iat.map(millis).transpose()?.unwrap_or_default();
        let valid_from = self.nbf.map(millis).transpose()?.unwrap_or_default();
        if valid_from > now.plus_millis(BEHIND_MS) {
            return Err(AuthError::Invalid("it isn't valid yet"));
        }
        if issued_at > now.plus_millis(BEHIND_MS) {
            return Err(AuthError::Invalid("it was issued in the future"));
        }
        if issuer.is_some() && self.iss.as_deref() != issuer {
            return Err(AuthError::Invalid("it is from another issuer"));
        }
        if audience.is_some_and(|wanted| !self.is_for(wanted)) {
            return Err(AuthError::Invalid("it is for another audience"));
        }
        let user = UserId::new(&self.sub)
            .map_err(|_| AuthError::Invalid("its subject can't be a user id"))?;
        if expires_at.plus_millis(CLOCK_SKEW_MS) <= now {
            return Err(AuthError::Expired);
        }
        // Last, since it says to try again: whatever else is wrong with it stays wrong.
        if issued_at.max(valid_from) > now.plus_millis(CLOCK_SKEW_MS) {
            return Err(AuthError::Early);
        }
        Ok(Verified {
            user,
            name: self.name,
            issued_at,
            expires_at,
        })
    }

    fn is_for(&self, wanted: &str) -> bool {
        match &self.aud {
            None => false,
            Some(Audience::One(one)) => one == wanted,
            Some(Audience::Several(several)) => several.iter().any(|one| one == wanted),
        }
    }
}

/// Reads seconds; refuses what no clock of this age shows.
fn millis(seconds: f64) -> Result<Timestamp, AuthError> {
    // Up to the year 9999; also refuses NaN.
    if !(0.0..=253_402_300_799.0).contains(&seconds) {
        return Err(AuthError::Invalid("its times are out of bounds"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "bounded above")]
    Ok(Timestamp::from_unix_millis(
        (seconds * 1_000.0).round() as i64
    ))
}

/// Writes a time as seconds with milliseconds as fraction.
pub(super) fn seconds(time: Timestamp) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds stay below 2^53 until the year 287396"
    )]
    let millis = time.unix_millis() as f64;
    millis / 1_000.0
}
