//! Apple's push service: `PushSender` over HTTP/2, by tokens signed with the team's key.

mod message;
mod token;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    Clock,
    ports::{EngineResult, PushNote, PushOutcome, PushSender},
};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use self::token::ProviderTokens;
use crate::push::{self, Answer, PushSetupError};

/// Apple's address for apps from its store and TestFlight.
pub const URL: &str = "https://api.push.apple.com";

/// How APNs is used.
pub struct Options {
    /// The team's signing key, as Apple wrote it (PKCS #8, PEM; a `.p8` file).
    pub key: String,
    /// The key's id.
    pub key_id: String,
    /// The team's id.
    pub team_id: String,
    /// The app's bundle id.
    pub topic: String,
    /// Where APNs is; [`URL`], or Apple's other one for apps in development.
    pub url: String,
    /// How long a request may take.
    pub timeout: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Sends notes through APNs.
pub struct Apns {
    client: Client,
    url: Url,
    topic: String,
    tokens: ProviderTokens,
    clock: Arc<dyn Clock>,
}

impl Apns {
    /// Reads the key and prepares the client; nothing is asked of Apple yet.
    pub fn new(options: Options) -> Result<Self, PushSetupError> {
        // APNs speaks nothing but HTTP/2.
        let client = push::client(options.timeout)
            .http2_prior_knowledge()
            .build();
        Ok(Self {
            client: client.map_err(|error| PushSetupError(error.to_string()))?,
            url: push::provider_url("push.apns.url", &options.url)?,
            topic: options.topic,
            tokens: ProviderTokens::new(
                &options.key,
                options.key_id,
                options.team_id,
                Arc::clone(&options.clock),
            )?,
            clock: options.clock,
        })
    }

    async fn send_one(&self, note: &PushNote) -> PushOutcome {
        let mut url = self.url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(["3", "device", &note.device.address]);
        }
        // A token may end before its time where clocks differ; a second one in a row means another thing.
        for _ in 0..2 {
            let token = match self.tokens.get().await {
                Ok(token) => token,
                Err(error) => return PushOutcome::Refused(error),
            };
            let message = message::message(note, self.clock.now());
            let request = self
                .client
                .post(url.clone())
                .bearer_auth(&token)
                .header("apns-topic", &self.topic)
                .header("apns-push-type", message.push_type)
                .header("apns-priority", message.priority)
                .header("apns-expiration", message.expires_at)
                .header("apns-collapse-id", note.chat.to_string());
            let answer = match request.json(&message.body).send().await {
                Ok(response) => push::answer(response, &*self.clock).await,
                Err(error) => return push::request_failed("apns", error),
            };
            if answer.status != StatusCode::FORBIDDEN {
                return outcome(note, &answer);
            }
            let failure: Option<Failure> = answer.json();
            if failure.is_none_or(|failure| failure.reason != "ExpiredProviderToken") {
                tracing::warn!(
                    answer = answer.text(),
                    "APNs refuses this server; tried again"
                );
                break;
            }
            self.tokens.forget(&token).await;
        }
        PushOutcome::RetryAfter(0)
    }
}

#[async_trait]
impl PushSender for Apns {
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>> {
        Ok(push::send_each(notes, |note| self.send_one(note)).await)
    }
}

#[derive(Deserialize)]
struct Failure {
    reason: String,
    /// Since when a token that is gone has been, milliseconds since 1970.
    timestamp: Option<i64>,
}

fn outcome(note: &PushNote, answer: &Answer) -> PushOutcome {
    if answer.status.is_success() {
        return PushOutcome::Sent;
    }
    if answer.is_passing() {
        return PushOutcome::RetryAfter(answer.retry_after_ms);
    }
    let Some(failure) = answer.json::<Failure>() else {
        return PushOutcome::Refused(answer.text());
    };
    let is_gone = answer.status == StatusCode::GONE || failure.reason == "BadDeviceToken";
    let registered_since = failure
        .timestamp
        .is_some_and(|gone_since| note.device.updated_at.unix_millis() > gone_since);
    match (is_gone, registered_since) {
        (true, false) => PushOutcome::Gone(failure.reason),
        (true, true) => PushOutcome::Refused("the device registered again since".into()),
        (false, _) => PushOutcome::Refused(failure.reason),
    }
}
