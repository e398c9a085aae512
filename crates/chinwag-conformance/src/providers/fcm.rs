//! Google's side of FCM: OAuth by a service account, and the v1 API.

use std::sync::Arc;

use chinwag_core::ports::PushOutcome;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};

use super::{
    Answer, Desk, Taken,
    server::{Answered, Asked, Server, answered, wait_answered},
};

const PROJECT: &str = "a-project";
const EMAIL: &str = "push@a-project.iam.gserviceaccount.com";
const PRIVATE_KEY: &str = include_str!("keys/rsa.pem");
const PUBLIC_KEY: &str = include_str!("keys/rsa.pub.pem");

/// FCM on a port of this machine.
#[derive(Debug)]
pub struct FakeFcm {
    server: Server,
    desk: Arc<Desk>,
}

impl FakeFcm {
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

    /// Writes the key file of its service account.
    #[must_use]
    pub fn service_account(&self) -> String {
        json!({
            "type": "service_account",
            "project_id": PROJECT,
            "client_email": EMAIL,
            "private_key": PRIVATE_KEY,
            "token_uri": format!("{}/token", self.url()),
        })
        .to_string()
    }
}

async fn answer(desk: Arc<Desk>, asked: Asked) -> Answered {
    if asked.head.uri.path() == "/token" {
        return grant(&asked);
    }
    assert_eq!(
        asked.head.uri.path(),
        format!("/v1/projects/{PROJECT}/messages:send")
    );
    if asked.header("authorization") != "Bearer an access token" {
        return answered(401, "{}");
    }
    match desk.take(taken(&asked.json()["message"])).await {
        Answer::Outcome(PushOutcome::Sent) => {
            answered(200, r#"{"name": "projects/a-project/messages/1"}"#)
        }
        Answer::Outcome(PushOutcome::RetryAfter(wait_ms)) => {
            wait_answered(429, wait_ms, failure(429, "QUOTA_EXCEEDED"))
        }
        Answer::Outcome(PushOutcome::Gone(_)) => answered(404, failure(404, "UNREGISTERED")),
        Answer::Outcome(PushOutcome::Refused(_)) => answered(400, failure(400, "INVALID_ARGUMENT")),
        Answer::Status { status, wait_ms } => wait_answered(status, wait_ms, ""),
    }
}

/// Gives a token for an assertion that the service account signed, for this server and now.
fn grant(asked: &Asked) -> Answered {
    let form: Vec<(String, String)> = form(&asked.body);
    let field = |name: &str| form.iter().find(|(field, _)| field == name);
    let grant_type = field("grant_type").map(|(_, value)| value.as_str());
    assert_eq!(
        grant_type,
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer")
    );
    let assertion = &field("assertion").expect("an assertion").1;
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).expect("a public key");
    let mut validation = Validation::new(Algorithm::RS256);
    let host = asked.header("host");
    validation.set_audience(&[format!("http://{host}/token")]);
    validation.set_issuer(&[EMAIL]);
    validation.set_required_spec_claims(&["aud", "exp", "iss"]);
    let claims = jsonwebtoken::decode::<Value>(assertion, &key, &validation);
    let claims = claims.expect("the service account signed it").claims;
    assert_eq!(
        claims["scope"],
        "https://www.googleapis.com/auth/firebase.messaging"
    );
    answered(
        200,
        r#"{"access_token": "an access token", "expires_in": 3599, "token_type": "Bearer"}"#,
    )
}

fn form(body: &[u8]) -> Vec<(String, String)> {
    let pairs = body.split(|byte| *byte == b'&');
    let pairs = pairs.filter_map(|pair| {
        let (name, value) = std::str::from_utf8(pair).ok()?.split_once('=')?;
        Some((name.to_owned(), value.replace("%3A", ":")))
    });
    pairs.collect()
}

fn failure(status: u16, code: &str) -> String {
    let detail = json!({
        "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError",
        "errorCode": code,
    });
    json!({"error": {"code": status, "message": code, "details": [detail]}}).to_string()
}

fn taken(message: &Value) -> Taken {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let android = &message["android"];
    let collapse_key = text(&android["collapse_key"]);
    let fields = message["data"].as_object().expect("data");
    let fields = fields
        .iter()
        .map(|(name, value)| (name.clone(), text(value)));
    if let Some(shown) = android.get("notification") {
        assert_eq!(shown["tag"], collapse_key.as_str());
        assert_eq!(
            shown["notification_count"],
            message["apns"]["payload"]["aps"]["badge"]
        );
    }
    Taken {
        address: text(&message["token"]),
        fields: fields.collect(),
        title: text(&message["notification"]["title"]),
        body: text(&message["notification"]["body"]),
        collapse_key,
        ttl_seconds: seconds(&text(&android["ttl"])),
    }
}

fn seconds(ttl: &str) -> u32 {
    let seconds = ttl.strip_suffix('s').expect("a duration ends with s");
    seconds.parse().expect("whole seconds")
}
