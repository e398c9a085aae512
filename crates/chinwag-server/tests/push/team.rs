//! A server with all three providers behind it, and devices registered through its API.

use std::path::Path;

use chinwag_conformance::providers::{
    APNS_KEY, APNS_KEY_ID, APNS_TEAM, APNS_TOPIC, Browser, FakeApns, FakeFcm, FakeWebPush, Taken,
};
use chinwag_core::ports::QueueGroup;
use chinwag_proto::{ChatId, MessageId};
use serde_json::{Value, json};

use crate::{
    client::Client,
    node::{Node, token},
};

/// Longer than any test runs.
pub(crate) const LONG: &str = "1h";
/// As good as at once.
pub(crate) const SHORT: &str = "20ms";

/// The three providers.
pub(crate) struct Providers {
    pub(crate) fcm: FakeFcm,
    pub(crate) apns: FakeApns,
    pub(crate) web: FakeWebPush,
    files: tempfile::TempDir,
}

impl Providers {
    pub(crate) async fn start() -> Self {
        let providers = Self {
            fcm: FakeFcm::start().await,
            apns: FakeApns::start().await,
            web: FakeWebPush::start().await,
            files: tempfile::tempdir().unwrap(),
        };
        let file = |name: &str, text: &str| {
            std::fs::write(providers.files.path().join(name), text).unwrap();
        };
        file("account.json", &providers.fcm.service_account());
        file("key.p8", APNS_KEY);
        providers
    }

    /// Returns the settings of a server that uses them.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let path = |name: &str| path(&self.files.path().join(name));
        let pairs = [
            ("push.fcm.service_account", path("account.json")),
            ("push.fcm.url", self.fcm.url()),
            ("push.apns.key_file", path("key.p8")),
            ("push.apns.key_id", APNS_KEY_ID.into()),
            ("push.apns.team_id", APNS_TEAM.into()),
            ("push.apns.topic", APNS_TOPIC.into()),
            ("push.apns.url", self.apns.url()),
            ("push.webpush.private", "true".into()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }
}

fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A server with the providers behind it.
pub(crate) struct Team {
    pub(crate) node: Node,
    pub(crate) providers: Providers,
}

impl Team {
    /// Starts a server; sessions have all the time there is unless the settings say otherwise.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let providers = Providers::start().await;
        let theirs = providers.settings();
        let mut all: Vec<(&str, &str)> = vec![("push.delay", LONG), ("push.unread_delay", LONG)];
        all.extend(theirs.iter().map(|(name, value)| (&**name, &**value)));
        all.extend(settings);
        Self {
            node: Node::with(&all).await,
            providers,
        }
    }

    pub(crate) async fn start() -> Self {
        Self::with(&[]).await
    }

    /// Asks the API, and returns status and body.
    pub(crate) async fn ask(
        &self,
        who: &str,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        ask(self.node.server.url().unwrap(), who, method, path, body).await
    }

    /// Registers a device with FCM, its token named as itself.
    pub(crate) async fn phone(&self, who: &str, device: &str) {
        let body = json!({"kind": "fcm", "token": device, "deviceId": device});
        let (status, answer) = self.ask(who, "POST", "/v1/devices", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Registers a device with APNs, its token named as itself.
    pub(crate) async fn iphone(&self, who: &str, device: &str) {
        let body = json!({"kind": "apns", "token": device, "deviceId": device});
        let (status, answer) = self.ask(who, "POST", "/v1/devices", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Registers a browser.
    pub(crate) async fn browser(&self, who: &str, browser: Browser) {
        let subscription: Value =
            serde_json::from_str(&self.providers.web.subscription(browser)).unwrap();
        let device = format!("browser-{}", browser.0);
        let body = json!({"kind": "webpush", "subscription": subscription, "deviceId": device});
        let (status, answer) = self.ask(who, "POST", "/v1/devices", body).await;
        assert_eq!(status, 201, "{answer}");
    }

    /// Returns the names of a user's devices.
    pub(crate) async fn devices(&self, who: &str) -> Vec<String> {
        let (_, answer) = self.ask(who, "GET", "/v1/devices", Value::Null).await;
        let devices = answer["devices"].as_array().unwrap().iter();
        devices
            .map(|device| device["deviceId"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Reads a chat up to a message, on no device in particular.
    pub(crate) async fn read(&self, who: &str, chat: ChatId, message: MessageId) {
        let path = format!("/v1/chats/{chat}/read");
        let body = json!({"lastReadMessageId": message.to_string()});
        let (status, answer) = self.ask(who, "PUT", &path, body).await;
        assert_eq!(status, 204, "{answer}");
    }

    pub(crate) async fn prefer(&self, who: &str, chat: ChatId, preferences: Value) {
        let path = format!("/v1/chats/{chat}/preferences");
        let (status, answer) = self.ask(who, "PUT", &path, preferences).await;
        assert_eq!(status, 204, "{answer}");
    }

    /// Opens a session on a device.
    pub(crate) async fn session_on(&self, who: &str, device: &str) -> Client {
        let mut client = Client::connect(self.node.address()).await;
        let auth = json!({"type": "auth", "token": token(who), "deviceId": device});
        let ready = client.ask(auth).await;
        assert_eq!(ready["type"], "ready", "{ready}");
        client
    }

    /// Waits until everything that follows from all messages is through.
    pub(crate) async fn settle(&self) {
        let queue = &self.node.server.node().ports().queue;
        while queue.lag(QueueGroup::Push).await.unwrap() > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Returns what phones were told, when everything is through.
    pub(crate) async fn told(&self) -> Vec<Taken> {
        self.settle().await;
        self.providers.fcm.desk().taken()
    }

    /// Returns the texts that phones were told, when everything is through.
    pub(crate) async fn texts(&self) -> Vec<String> {
        texts(&self.told().await)
    }
}

/// Returns each note's device and text.
pub(crate) fn texts(taken: &[Taken]) -> Vec<String> {
    let text = |note: &Taken| format!("{}: {}", note.address, note.body);
    taken.iter().map(text).collect()
}

/// Asks a server's API, and returns status and body.
pub(crate) async fn ask(
    url: &str,
    who: &str,
    method: &str,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let request = reqwest::Client::new()
        .request(method.parse().unwrap(), format!("{url}{path}"))
        .bearer_auth(token(who));
    let request = match body {
        Value::Null => request,
        body => request.json(&body),
    };
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}
