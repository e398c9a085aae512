//! Firebase Cloud Messaging: `PushSender` by its HTTP v1 API.

mod message;
mod oauth;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    Clock,
    ports::{EngineResult, PushNote, PushOutcome, PushSender},
};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;

use self::oauth::{AccessTokens, ServiceAccount};
use crate::push::{self, Answer, PushSetupError};

/// Google's address.
pub const URL: &str = "https://fcm.googleapis.com";

/// How FCM is used.
pub struct Options {
    /// The service account's key file, as Google wrote it (JSON).
    pub service_account: String,
    /// Where FCM is; [`URL`] unless a test says otherwise.
    pub url: String,
    /// How long a request may take.
    pub timeout: Duration,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Sends notes through FCM.
pub struct Fcm {
    client: Client,
    url: Url,
    tokens: AccessTokens,
    clock: Arc<dyn Clock>,
}

impl Fcm {
    /// Reads the service account and prepares the client; nothing is asked of Google yet.
    pub fn new(options: Options) -> Result<Self, PushSetupError> {
        let account = ServiceAccount::read(&options.service_account)?;
        let mut url = push::provider_url("push.fcm.url", &options.url)?;
        let path = format!("/v1/projects/{}/messages:send", account.project_id);
        url.set_path(&path);
        let client = push::client(options.timeout).build();
        let client = client.map_err(|error| PushSetupError(error.to_string()))?;
        Ok(Self {
            tokens: AccessTokens::new(account, client.clone(), Arc::clone(&options.clock))?,
            client,
            url,
            clock: options.clock,
        })
    }

    async fn send_one(&self, note: &PushNote) -> PushOutcome {
        let body = message::message(note, self.clock.now());
        // A token may end before its time: Google may revoke it.
        for is_last in [false, true] {
            let token = match self.tokens.get().await {
                Ok(token) => token,
                Err(error) => {
                    tracing::warn!(%error, "FCM's access token can't be had; tried again");
                    return PushOutcome::RetryAfter(0);
                }
            };
            let request = self.client.post(self.url.clone()).bearer_auth(&token);
            let answer = match request.json(&body).send().await {
                Ok(response) => push::answer(response, &*self.clock).await,
                Err(error) => return push::request_failed("fcm", error),
            };
            if answer.status != StatusCode::UNAUTHORIZED {
                return outcome(&answer);
            }
            self.tokens.forget(&token).await;
            if is_last {
                tracing::warn!(answer = answer.text(), "FCM refuses the service account");
            }
        }
        PushOutcome::RetryAfter(0)
    }
}

#[async_trait]
impl PushSender for Fcm {
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>> {
        Ok(push::send_each(notes, |note| self.send_one(note)).await)
    }
}

#[derive(Deserialize)]
struct Failure {
    error: FailureBody,
}

#[derive(Deserialize)]
struct FailureBody {
    #[serde(default)]
    details: Vec<Detail>,
}

#[derive(Deserialize)]
struct Detail {
    #[serde(rename = "errorCode")]
    error_code: Option<String>,
}

/// The code for an app that was removed from a device, or a token that FCM forgot. A 404 without it means another
/// thing, such as an unknown project, and says nothing about the device.
const UNREGISTERED: &str = "UNREGISTERED";

fn outcome(answer: &Answer) -> PushOutcome {
    if answer.status.is_success() {
        return PushOutcome::Sent;
    }
    if answer.is_passing() {
        return PushOutcome::RetryAfter(answer.retry_after_ms);
    }
    let details = answer
        .json::<Failure>()
        .map(|failure| failure.error.details);
    let mut codes = details
        .into_iter()
        .flatten()
        .filter_map(|detail| detail.error_code);
    if codes.any(|code| code == UNREGISTERED) {
        return PushOutcome::Gone(UNREGISTERED.into());
    }
    PushOutcome::Refused(answer.text())
}
