//! Apple's side of APNs: HTTP/2, and tokens signed with the team's key.

use std::{collections::BTreeMap, sync::Arc};

use chinwag_core::{Clock as _, SystemClock, ports::PushOutcome};
use http::Version;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::{
    Answer, Desk, Taken,
    server::{Answered, Asked, Server, answered, wait_answered},
};

/// The team's signing key.
pub const APNS_KEY: &str = include_str!("keys/ec.pem");
/// The key's id.
pub const APNS_KEY_ID: &str = "ABC123DEFG";
/// The team.
pub const APNS_TEAM: &str = "DEF123GHIJ";
/// The app.
pub const APNS_TOPIC: &str = "example.chat";
const PUBLIC_KEY: &str = include_str!("keys/ec.pub.pem");
/// APNs refuses tokens older than an hour.
const TOKEN_SECONDS: i64 = 3_600;

/// APNs on a port of this machine.
#[derive(Debug)]
pub struct FakeApns {
    server: Server,
    desk: Arc<Desk>,
}

impl FakeApns {
    /// Starts it.
    pub async fn start() -> Self {
        let desk = Desk::new();
        let server = Server::start({
            let desk = Arc::clone(&desk);
            move |asked| answer(Arc::clone(&desk), asked)
        });
        Self {
            server: server.await,
            desk,
        }
    }

    /// Returns what it was asked and answers.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Returns where it is.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }
}

async fn answer(desk: Arc<Desk>, asked: Asked) -> Answered {
    assert_eq!(
        asked.head.version,
        Version::HTTP_2,
        "APNs speaks HTTP/2 alone"
    );
    if let Err(reason) = check_token(asked.header("authorization")) {
        return answered(403, json!({"reason": reason}).to_string());
    }
    assert_eq!(asked.header("apns-topic"), APNS_TOPIC);
    let Some(device) = asked.head.uri.path().strip_prefix("/3/device/") else {
        return answered(404, r#"{"reason": "BadPath"}"#);
    };
    let address = device.replace("%20", " ");
    match desk.take(taken(address, &asked)).await {
        Answer::Outcome(PushOutcome::Sent) => answered(200, ""),
        Answer::Outcome(PushOutcome::RetryAfter(wait_ms)) => {
            wait_answered(429, wait_ms, r#"{"reason": "TooManyRequests"}"#)
        }
        Answer::Outcome(PushOutcome::Gone(reason)) if reason == "BadDeviceToken" => {
            answered(400, r#"{"reason": "BadDeviceToken"}"#)
        }
        Answer::Outcome(PushOutcome::Gone(since)) => {
            let since: i64 = since.parse().unwrap_or(i64::MAX);
            let body = json!({"reason": "Unregistered", "timestamp": since});
            answered(410, body.to_string())
        }
        Answer::Outcome(PushOutcome::Refused(_)) => {
            answered(413, r#"{"reason": "PayloadTooLarge"}"#)
        }
        Answer::Status { status, wait_ms } => wait_answered(status, wait_ms, ""),
    }
}

fn check_token(header: &str) -> Result<(), &'static str> {
    let token = header
        .strip_prefix("Bearer ")
        .ok_or("MissingProviderToken")?;
    let head = jsonwebtoken::decode_header(token).map_err(|_| "InvalidProviderToken")?;
    let key = DecodingKey::from_ec_pem(PUBLIC_KEY.as_bytes()).expect("a public key");
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_issuer(&[APNS_TEAM]);
    validation.set_required_spec_claims(&["iss"]);
    let claims = jsonwebtoken::decode::<Value>(token, &key, &validation);
    let claims = claims.map_err(|_| "InvalidProviderToken")?.claims;
    let issued_at = claims["iat"].as_i64().ok_or("InvalidProviderToken")?;
    let now = SystemClock::default().now().unix_millis() / 1_000;
    match head.kid.as_deref() {
        Some(APNS_KEY_ID) if now - issued_at < TOKEN_SECONDS => Ok(()),
        Some(APNS_KEY_ID) => Err("ExpiredProviderToken"),
        _ => Err("InvalidProviderToken"),
    }
}

fn taken(address: String, asked: &Asked) -> Taken {
    let body = asked.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let aps = &body["aps"];
    let fields = body["chinwag"].as_object().expect("the app's own part");
    let fields = fields
        .iter()
        .map(|(name, value)| (name.clone(), text(value)));
    let fields: BTreeMap<String, String> = fields.collect();
    if asked.header("apns-push-type") == "background" {
        assert_eq!(asked.header("apns-priority"), "5");
        assert_eq!(*aps, json!({"content-available": 1}));
    } else {
        assert_eq!(asked.header("apns-priority"), "10");
        assert_eq!(aps["badge"].to_string(), fields["badge"]);
        assert_eq!(aps["thread-id"], fields["chatId"].as_str());
    }
    let expires_at: i64 = asked.header("apns-expiration").parse().expect("seconds");
    let now = SystemClock::default().now().unix_millis();
    // The sender rounds its own time down, a moment ago.
    let ttl_seconds = expires_at.saturating_sub(now / 1_000).max(0);
    Taken {
        address,
        title: text(&aps["alert"]["title"]),
        body: text(&aps["alert"]["body"]),
        fields,
        collapse_key: asked.header("apns-collapse-id").into(),
        ttl_seconds: u32::try_from(ttl_seconds).unwrap_or(u32::MAX),
    }
}
