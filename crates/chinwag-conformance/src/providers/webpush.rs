//! A push service and the browsers behind it: RFC 8030, 8291 and 8292 from their side, by another library.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chinwag_core::ports::PushOutcome;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use parking_lot::Mutex;
use serde_json::{Value, json};
use web_push_native::{Auth, p256, p256::elliptic_curve::sec1::ToEncodedPoint as _};

use super::{
    Answer, Desk, Taken,
    server::{Answered, Asked, Server, answered, wait_answered},
};

/// A push service on a port of this machine.
#[derive(Debug)]
pub struct FakeWebPush {
    server: Server,
    desk: Arc<Desk>,
    /// The key that a subscription is bound to; the first sender's.
    key: Arc<Mutex<Option<String>>>,
}

/// A browser that subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Browser(pub u8);

impl Browser {
    fn secret(self) -> p256::SecretKey {
        // Any number from 1 below the curve's order is a key.
        p256::SecretKey::from_slice(&[self.0 % 127 + 1; 32]).expect("a number below the order")
    }

    fn auth(self) -> [u8; 16] {
        [self.0; 16]
    }

    /// Returns the path of its endpoint.
    #[must_use]
    pub fn address(self) -> String {
        format!("/push/{}", self.0)
    }
}

impl FakeWebPush {
    /// Starts it.
    pub async fn start() -> Self {
        let desk = Desk::new();
        let key = Arc::new(Mutex::new(None));
        let server = Server::start({
            let (desk, key) = (Arc::clone(&desk), Arc::clone(&key));
            move |asked| answer(Arc::clone(&desk), Arc::clone(&key), asked)
        });
        Self {
            server: server.await,
            desk,
            key,
        }
    }

    /// Returns what it was asked and answers.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Returns the key that senders named.
    #[must_use]
    pub fn sender_key(&self) -> Option<String> {
        self.key.lock().clone()
    }

    /// Writes a browser's subscription, as `PushSubscription.toJSON()` does.
    #[must_use]
    pub fn subscription(&self, browser: Browser) -> String {
        let point = browser.secret().public_key().to_encoded_point(false);
        json!({
            "endpoint": format!("{}{}", self.server.url(), browser.address()),
            "expirationTime": null,
            "keys": {
                "p256dh": URL_SAFE_NO_PAD.encode(point.as_bytes()),
                "auth": URL_SAFE_NO_PAD.encode(browser.auth()),
            },
        })
        .to_string()
    }
}

async fn answer(desk: Arc<Desk>, key: Arc<Mutex<Option<String>>>, asked: Asked) -> Answered {
    let sender = match check_sender(&asked) {
        Ok(sender) => sender,
        Err(reason) => return answered(403, reason),
    };
    if *key.lock().get_or_insert_with(|| sender.clone()) != sender {
        return answered(403, "the subscription is another sender's");
    }
    assert_eq!(asked.header("content-encoding"), "aes128gcm");
    assert!(matches!(asked.header("urgency"), "high" | "normal"));
    match desk.take(taken(&asked)).await {
        Answer::Outcome(PushOutcome::Sent) => answered(201, ""),
        Answer::Outcome(PushOutcome::RetryAfter(wait_ms)) => wait_answered(429, wait_ms, ""),
        Answer::Outcome(PushOutcome::Gone(reason)) if reason == "404" => answered(404, ""),
        Answer::Outcome(PushOutcome::Gone(_)) => answered(410, ""),
        Answer::Outcome(PushOutcome::Refused(_)) => answered(413, ""),
        Answer::Status { status, wait_ms } => wait_answered(status, wait_ms, ""),
    }
}

/// Checks the signature with the key that stands beside it; returns the key.
fn check_sender(asked: &Asked) -> Result<String, &'static str> {
    let header = asked.header("authorization");
    let parts = header.strip_prefix("vapid t=").ok_or("no VAPID")?;
    let (token, key) = parts.split_once(", k=").ok_or("no key")?;
    let point = URL_SAFE_NO_PAD.decode(key).map_err(|_| "no base64url")?;
    if point.len() != 65 {
        return Err("no point");
    }
    let x = URL_SAFE_NO_PAD.encode(&point[1..33]);
    let y = URL_SAFE_NO_PAD.encode(&point[33..]);
    let public = DecodingKey::from_ec_components(&x, &y).map_err(|_| "no key")?;
    let mut validation = Validation::new(Algorithm::ES256);
    validation.set_audience(&[format!("http://{}", asked.header("host"))]);
    validation.set_required_spec_claims(&["aud", "exp"]);
    jsonwebtoken::decode::<Value>(token, &public, &validation).map_err(|_| "a bad token")?;
    Ok(key.to_owned())
}

fn taken(asked: &Asked) -> Taken {
    let path = asked.head.uri.path();
    let number = path
        .strip_prefix("/push/")
        .and_then(|number| number.parse().ok());
    let browser = Browser(number.expect("a subscription of this service"));
    let auth = Auth::from(browser.auth());
    let plain = web_push_native::decrypt(asked.body.to_vec(), &browser.secret(), &auth);
    let plain = plain.expect("the browser can read it");
    let payload: Value = serde_json::from_slice(&plain).expect("JSON");
    let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
    let names = ["type", "chatId", "messageId", "userId"];
    let mut fields: BTreeMap<String, String> = names
        .into_iter()
        .filter(|name| payload.get(name).is_some())
        .map(|name| (name.to_owned(), text(name)))
        .collect();
    fields.insert("badge".into(), payload["badge"].to_string());
    Taken {
        address: browser.address(),
        fields,
        title: text("title"),
        body: text("body"),
        collapse_key: asked.header("topic").into(),
        ttl_seconds: asked.header("ttl").parse().expect("seconds"),
    }
}
