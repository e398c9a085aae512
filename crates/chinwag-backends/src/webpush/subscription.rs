//! What a browser registers: where its notes go, and the keys that only it can read with.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use reqwest::Url;
use serde::Deserialize;

use crate::public_net::refuse_private_host;

/// Browsers write without padding; some libraries keep it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Whose browsers take the permission from a page whose pushes show nothing.
const NO_SILENT_NOTES: &str = "push.apple.com";

/// Why a subscription can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct SubscriptionError {
    /// The JSON pointer of the field, within the subscription.
    pub pointer: &'static str,
    /// What is wrong with it.
    pub detail: String,
}

impl SubscriptionError {
    fn new(pointer: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer,
            detail: detail.into(),
        }
    }
}

/// A browser's subscription, as `PushSubscription.toJSON()` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Where notes go.
    pub endpoint: Url,
    /// The browser's public key: an uncompressed point on P-256.
    pub(super) public_key: [u8; 65],
    /// The secret that the browser shares with this server.
    pub(super) auth: [u8; 16],
}

#[derive(Deserialize)]
struct Written {
    endpoint: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    p256dh: String,
    auth: String,
}

impl Subscription {
    /// Reads a subscription; one that leads to a private address, or by plain http, only where that is allowed.
    pub fn read(text: &str, allows_private: bool) -> Result<Self, SubscriptionError> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            SubscriptionError::new("", format!("not a browser's subscription: {error}"))
        })?;
        let endpoint: Url = written
            .endpoint
            .parse()
            .map_err(|_| SubscriptionError::new("/endpoint", "not a URL"))?;
        match endpoint.scheme() {
            "https" => {}
            "http" if allows_private => {}
            _ => {
                return Err(SubscriptionError::new(
                    "/endpoint",
                    "must begin with https://",
                ));
            }
        }
        if !endpoint.username().is_empty() || endpoint.password().is_some() {
            let detail = "must not name a user or password";
            return Err(SubscriptionError::new("/endpoint", detail));
        }
        if !allows_private {
            refuse_private_host(&endpoint)
                .map_err(|error| SubscriptionError::new("/endpoint", error.to_string()))?;
        }
        let public_key: [u8; 65] = key(&written.keys.p256dh, "/keys/p256dh")?;
        if public_key[0] != 4 {
            let detail = "not an uncompressed point";
            return Err(SubscriptionError::new("/keys/p256dh", detail));
        }
        Ok(Self {
            endpoint,
            public_key,
            auth: key(&written.keys.auth, "/keys/auth")?,
        })
    }

    /// Returns whether a note that shows nothing may be sent.
    pub(super) fn takes_clears(&self) -> bool {
        let host = self.endpoint.host_str().unwrap_or_default();
        !host.ends_with(NO_SILENT_NOTES)
    }
}

fn key<const BYTES: usize>(
    text: &str,
    pointer: &'static str,
) -> Result<[u8; BYTES], SubscriptionError> {
    let bytes = BASE64.decode(text).ok();
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| SubscriptionError::new(pointer, format!("not {BYTES} bytes in base64url")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
    const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

    fn written(endpoint: &str, key: &str, auth: &str) -> String {
        serde_json::json!({
            "endpoint": endpoint,
            "expirationTime": null,
            "keys": {"p256dh": key, "auth": auth},
        })
        .to_string()
    }

    fn refused(text: &str) -> &'static str {
        Subscription::read(text, false).unwrap_err().pointer
    }

    #[test]
    fn a_subscription_is_read_with_or_without_padding() {
        let plain = written("https://push.example/1", KEY, AUTH);
        let padded = written(
            "https://push.example/1",
            &format!("{KEY}="),
            &format!("{AUTH}=="),
        );
        let read = Subscription::read(&plain, false).unwrap();
        assert_eq!(Subscription::read(&padded, false).unwrap(), read);
        assert_eq!(read.endpoint.as_str(), "https://push.example/1");
    }

    #[test]
    fn what_is_no_subscription_is_refused_with_the_field() {
        assert_eq!(refused("{}"), "");
        assert_eq!(refused(&written("push", KEY, AUTH)), "/endpoint");
        assert_eq!(
            refused(&written("http://push.example", KEY, AUTH)),
            "/endpoint"
        );
        assert_eq!(
            refused(&written("https://a:b@push.example", KEY, AUTH)),
            "/endpoint"
        );
        assert_eq!(
            refused(&written("https://push.example", "BCVx", AUTH)),
            "/keys/p256dh"
        );
        assert_eq!(
            refused(&written("https://push.example", KEY, "!")),
            "/keys/auth"
        );
    }

    #[test]
    fn an_endpoint_inside_the_own_network_is_refused_unless_allowed() {
        for inside in [
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://169.254.169.254/x",
        ] {
            let text = written(inside, KEY, AUTH);
            assert_eq!(refused(&text), "/endpoint", "{inside}");
            assert!(Subscription::read(&text, true).is_ok(), "{inside}");
        }
        assert!(Subscription::read(&written("http://127.0.0.1/x", KEY, AUTH), true).is_ok());
    }

    #[test]
    fn safari_gets_no_silent_notes() {
        let takes = |endpoint: &str| {
            let text = written(endpoint, KEY, AUTH);
            Subscription::read(&text, false).unwrap().takes_clears()
        };
        assert!(takes("https://fcm.googleapis.com/fcm/send/x"));
        assert!(!takes("https://web.push.apple.com/x"));
    }
}
