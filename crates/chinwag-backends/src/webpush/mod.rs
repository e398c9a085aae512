//! Web Push: `PushSender` for browsers (RFC 8030), encrypted for each (RFC 8291), signed with the server's own key
//! (RFC 8292).

mod encrypt;
mod subscription;
mod vapid;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    Clock,
    ports::{EngineResult, PushNote, PushOutcome, PushSender},
};
use reqwest::{
    Client, StatusCode,
    header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE},
};

pub use subscription::{Subscription, SubscriptionError};
pub use vapid::VapidKey;

use self::vapid::Vapid;
use crate::{
    public_net::{PrivateAddress, PublicOnly},
    push::{self, PushSetupError},
};

/// How Web Push is used.
pub struct Options {
    /// The server's own key. A browser's subscription is bound to it: another key is another server.
    pub key: VapidKey,
    /// Whom a push service may ask about this server: a `mailto:` or `https:` address. Apple's refuses without.
    pub contact: Option<String>,
    /// Whether a subscription may lead to a private address, and by plain http: for tests and closed networks.
    pub allows_private: bool,
    /// How long a request may take.
    pub timeout: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Sends notes to browsers.
pub struct WebPush {
    client: Client,
    vapid: Vapid,
    allows_private: bool,
    clock: Arc<dyn Clock>,
}

impl WebPush {
    /// Prepares the client.
    pub fn new(options: Options) -> Result<Self, PushSetupError> {
        let mut client = push::client(options.timeout);
        if !options.allows_private {
            client = client.dns_resolver(Arc::new(PublicOnly));
        }
        let client = client
            .build()
            .map_err(|error| PushSetupError(error.to_string()))?;
        Ok(Self {
            client,
            vapid: Vapid::new(options.key, options.contact)?,
            allows_private: options.allows_private,
            clock: options.clock,
        })
    }

    /// Returns the public key that browsers subscribe with, base64url.
    #[must_use]
    pub fn public_key(&self) -> &str {
        self.vapid.public_key()
    }

    async fn send_one(&self, note: &PushNote) -> PushOutcome {
        let subscription = match Subscription::read(&note.device.address, self.allows_private) {
            Ok(subscription) => subscription,
            Err(error) => return PushOutcome::Refused(error.to_string()),
        };
        if !subscription.takes_clears() && note.message.is_none() {
            return PushOutcome::Refused("this push service takes no silent notes".into());
        }
        let body = match encrypt::encrypt(&payload(note), &subscription) {
            Ok(body) => body,
            Err(error) => return PushOutcome::Refused(error.to_string()),
        };
        let authorization = match self.vapid.authorization(&subscription, self.clock.now()) {
            Ok(authorization) => authorization,
            Err(error) => return PushOutcome::Refused(error.to_string()),
        };
        let urgency = match note.message {
            Some(_) => "high",
            None => "normal",
        };
        let request = self
            .client
            .post(subscription.endpoint)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .header("TTL", note.ttl_seconds)
            .header("Urgency", urgency)
            .header("Topic", note.chat.to_string())
            .body(body);
        match request.send().await {
            Ok(response) => outcome(&push::answer(response, &*self.clock).await),
            Err(error) if PrivateAddress::caused(&error) => {
                PushOutcome::Refused(PrivateAddress.to_string())
            }
            Err(error) => push::request_failed("webpush", error),
        }
    }
}

#[async_trait]
impl PushSender for WebPush {
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>> {
        Ok(push::send_each(notes, |note| self.send_one(note)).await)
    }
}

/// Writes what the service worker gets.
fn payload(note: &PushNote) -> Vec<u8> {
    let mut payload: serde_json::Map<String, serde_json::Value> = push::fields(note)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    payload.insert("badge".into(), note.badge.into());
    if note.message.is_some() {
        payload.insert("title".into(), note.title.as_str().into());
        payload.insert("body".into(), note.body.as_str().into());
    }
    serde_json::Value::Object(payload).to_string().into_bytes()
}

fn outcome(answer: &push::Answer) -> PushOutcome {
    match answer.status {
        status if status.is_success() => PushOutcome::Sent,
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            PushOutcome::Gone(format!("the push service answered {}", answer.status))
        }
        _ if answer.is_passing() => PushOutcome::RetryAfter(answer.retry_after_ms),
        _ => PushOutcome::Refused(answer.text()),
    }
}
