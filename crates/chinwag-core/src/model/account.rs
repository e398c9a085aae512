//! Users, their devices, and the keys of an app's own backend.

use chinwag_proto::{DeviceId, Timestamp, UserId};
use minicbor::{Decode, Encode};

use super::chat::cbor_shape;

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct UserRow {
    /// The user.
    #[n(0)]
    pub id: UserId,
    /// The name that people see.
    #[n(1)]
    pub name: Option<String>,
    /// The password's argon2id hash in PHC form; none where the app's own tokens are used.
    #[n(2)]
    pub password_hash: Option<String>,
    /// Whether the account is disabled.
    #[n(3)]
    pub disabled: bool,
    /// Tokens issued before this time are refused.
    #[n(4)]
    pub revoked_before: Option<Timestamp>,
    /// When the user came into being.
    #[n(5)]
    pub created_at: Timestamp,
    /// When anything here last changed: what `changed_since` compares.
    #[n(6)]
    pub changed_at: Timestamp,
    /// Tokens that were logged out and have not expired yet; bounded by who writes it.
    #[n(7)]
    pub ended_tokens: Vec<EndedToken>,
}

/// A token that was logged out; a user's token is known by when it was issued, to the millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Encode, Decode)]
pub struct EndedToken {
    /// When it was issued.
    #[n(0)]
    pub issued_at: Timestamp,
    /// When it would have expired, and this entry goes.
    #[n(1)]
    pub expires_at: Timestamp,
}

impl UserRow {
    /// Makes a user without name and password.
    #[must_use]
    pub fn new(id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            name: None,
            password_hash: None,
            disabled: false,
            revoked_before: None,
            created_at: now,
            changed_at: now,
            ended_tokens: Vec::new(),
        }
    }
}

/// A key of the app's own backend. The key itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct ApiKey {
    /// Names the key, and is its public part.
    #[n(0)]
    pub id: String,
    /// What it is for, for a person.
    #[n(1)]
    pub name: String,
    /// SHA-256 of the whole key: it has 256 random bits, so it needs no slow hash.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub hash: Vec<u8>,
    /// When it was made.
    #[n(3)]
    pub created_at: Timestamp,
    /// When it was revoked.
    #[n(4)]
    pub revoked_at: Option<Timestamp>,
}

/// A device that gets pushes.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
pub struct DeviceRow {
    /// Whose it is.
    #[n(0)]
    pub user: UserId,
    /// The device.
    #[n(1)]
    pub device: DeviceId,
    /// The provider.
    #[cbor(n(2), with = "cbor_shape")]
    pub kind: chinwag_proto::http::DeviceKind,
    /// The provider's token, or the browser's subscription as JSON text.
    #[n(3)]
    pub address: String,
    /// The language of the notes.
    #[n(4)]
    pub locale: Option<String>,
    /// When it was last registered.
    #[n(5)]
    pub updated_at: Timestamp,
}
