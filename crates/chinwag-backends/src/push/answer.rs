//! A provider's answer, read within bounds.

use chinwag_core::Clock;
use chinwag_proto::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::{Response, StatusCode, header::RETRY_AFTER};

/// What is read of an answer; providers' errors are a few hundred bytes.
const MAX_BYTES: usize = 16 * 1024;
/// The longest wait that a provider can ask for.
const LONGEST_WAIT_MS: u64 = 24 * 3_600_000;

/// A provider's answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The wait that `Retry-After` asks for, milliseconds; 0 without one.
    pub(crate) retry_after_ms: u64,
    /// The body, as far as it is read; empty where it can't be.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    #[cfg(any(feature = "apns", feature = "fcm"))]
    /// Reads the body as JSON.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Returns whether the same request may well succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// Writes the answer for a person: the status and the beginning of what it says.
    pub(crate) fn text(&self) -> String {
        let said = String::from_utf8_lossy(&self.body[..self.body.len().min(200)]);
        match said.trim() {
            "" => self.status.to_string(),
            said => format!("{}: {said}", self.status),
        }
    }
}

/// Reads an answer; the body only where it isn't a success or is wanted.
pub(crate) async fn answer(mut response: Response, clock: &dyn Clock) -> Answer {
    let status = response.status();
    let wait = response.headers().get(RETRY_AFTER);
    let wait = wait.and_then(|value| value.to_str().ok());
    let retry_after_ms = wait.map_or(0, |text| wait_ms(text, clock.now()));
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = MAX_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_BYTES {
            break;
        }
    }
    Answer {
        status,
        retry_after_ms,
        body,
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn wait_ms(text: &str, now: Timestamp) -> u64 {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return seconds.saturating_mul(1_000).min(LONGEST_WAIT_MS);
    }
    let Ok(at) = DateTimeParser::new().parse_timestamp(text) else {
        return 0;
    };
    let wait = at.as_millisecond().saturating_sub(now.unix_millis());
    u64::try_from(wait).unwrap_or(0).min(LONGEST_WAIT_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        // 2026-01-01T00:00:00Z
        let now = Timestamp::from_unix_millis(1_767_225_600_000);
        assert_eq!(wait_ms("7", now), 7_000);
        assert_eq!(wait_ms("Thu, 01 Jan 2026 00:01:30 GMT", now), 90_000);
        assert_eq!(wait_ms("Wed, 31 Dec 2025 23:59:00 GMT", now), 0);
        assert_eq!(wait_ms("soon", now), 0);
        assert_eq!(wait_ms("99999999999999999999", now), 0);
        assert_eq!(wait_ms("9999999999999999999", now), LONGEST_WAIT_MS);
    }
}
