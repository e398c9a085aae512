//! The HTTP client that speaks to a provider.

use std::time::Duration;

use chinwag_core::ports::PushOutcome;
use reqwest::{Client, ClientBuilder, redirect::Policy};
#[cfg(any(feature = "apns", feature = "fcm"))]
use {super::PushSetupError, reqwest::Url};

use crate::causes::causes;

/// How long a connection may take to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How often an HTTP/2 connection is asked whether it lives, and how long it may take to say so. A connection that a
/// firewall dropped is noticed by this, not by each request's timeout.
const ALIVE_EVERY: Duration = Duration::from_secs(30);
const ALIVE_WITHIN: Duration = Duration::from_secs(10);

/// Begins a client. No provider redirects, and a redirect could lead anywhere.
pub(crate) fn client(timeout: Duration) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("chinwag/", env!("CARGO_PKG_VERSION")))
        .timeout(timeout)
        .connect_timeout(CONNECT_TIMEOUT.min(timeout))
        .redirect(Policy::none())
        .no_proxy()
        .http2_keep_alive_interval(ALIVE_EVERY)
        .http2_keep_alive_timeout(ALIVE_WITHIN)
}

#[cfg(any(feature = "apns", feature = "fcm"))]
/// Reads a provider's address: https, or http where it is this machine's own.
pub(crate) fn provider_url(name: &str, text: &str) -> Result<Url, PushSetupError> {
    let url: Url = text
        .parse()
        .map_err(|error| PushSetupError(format!("{name}: {text:?} is not a URL: {error}")))?;
    let is_local = matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"));
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local => Ok(url),
        _ => Err(PushSetupError(format!(
            "{name}: {text:?} must begin with https://"
        ))),
    }
}

/// Says what follows from a request that got no answer.
pub(crate) fn request_failed(provider: &'static str, error: reqwest::Error) -> PushOutcome {
    // The address may hold a device's token.
    let error = error.without_url();
    tracing::debug!(provider, error = %causes(&error), "a push got no answer");
    PushOutcome::RetryAfter(0)
}

#[cfg(all(test, any(feature = "apns", feature = "fcm")))]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_reached_by_https_unless_it_is_on_this_machine() {
        for good in [
            "https://api.push.apple.com",
            "http://127.0.0.1:4000",
            "http://[::1]:4000",
        ] {
            assert!(provider_url("push.apns.url", good).is_ok(), "{good}");
        }
        for bad in ["http://api.push.apple.com", "api.push.apple.com", "ftp://x"] {
            let error = provider_url("push.apns.url", bad).unwrap_err().to_string();
            assert!(error.starts_with("push.apns.url"), "{error}");
        }
    }
}
