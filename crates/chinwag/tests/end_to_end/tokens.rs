//! Tokens as an app's backend gives them, for servers that know its secret.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

/// The secret that app and server share.
pub(crate) const SECRET: &str = "a secret of at least thirty-two bytes";

/// Makes a token that ends after a while.
pub(crate) fn token_for(user: &str, lifetime: Duration) -> String {
    let now = unix_seconds();
    signed(user, now, now + lifetime.as_secs())
}

/// Makes a token that was given at a time and ends at another, in seconds since 1970.
pub(crate) fn signed(user: &str, given: u64, ends: u64) -> String {
    let claims = json!({"sub": user, "iat": given, "exp": ends});
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap()
}

/// Makes a token that outlives the test, also on a server whose clock is an hour ahead.
pub(crate) fn token(user: &str) -> String {
    token_for(user, Duration::from_secs(3 * 3_600))
}

#[expect(
    clippy::disallowed_methods,
    reason = "tokens bear the wall-clock time, for a server in another process"
)]
pub(crate) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}
