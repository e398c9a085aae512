//! How devices are told of messages, and by whom.

use std::{path::PathBuf, time::Duration};

use super::{ConfigError, typed::Reader};
use crate::push::{Content, PushSettings};

/// How devices are told of messages, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushConfig {
    /// How the role works.
    pub settings: PushSettings,
    /// How long a provider may take to answer.
    pub timeout: Duration,
    /// Web Push, where it is on.
    pub webpush: Option<WebPushConfig>,
    /// Firebase Cloud Messaging, where it is configured.
    pub fcm: Option<FcmConfig>,
    /// Apple's push service, where it is configured.
    pub apns: Option<ApnsConfig>,
}

/// How browsers are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebPushConfig {
    /// Whom a push service may ask.
    pub contact: Option<String>,
    /// Whether private addresses are allowed.
    pub allows_private: bool,
}

/// How Firebase Cloud Messaging is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FcmConfig {
    /// The service account's key file.
    pub service_account: PathBuf,
    /// Where it is.
    pub url: String,
}

/// How Apple's push service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApnsConfig {
    /// The signing key's file.
    pub key_file: PathBuf,
    /// The key's id.
    pub key_id: String,
    /// The team's id.
    pub team_id: String,
    /// The app's bundle id.
    pub topic: String,
    /// Where it is.
    pub url: String,
}

impl PushConfig {
    /// Returns whether anybody tells devices at all.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.webpush.is_some() || self.fcm.is_some() || self.apns.is_some()
    }
}

pub(super) fn push(reader: &Reader<'_>) -> Result<PushConfig, ConfigError> {
    let timeout = reader.time("push.timeout");
    if timeout.is_zero() {
        let detail = "push.timeout: 0s; no provider answers in no time";
        return Err(ConfigError::Contradiction(detail.into()));
    }
    Ok(PushConfig {
        settings: PushSettings {
            content: match reader.text("push.content").as_str() {
                "none" => Content::None,
                "sender" => Content::Sender,
                _ => Content::Full,
            },
            delay: reader.time("push.delay"),
            unread_delay: reader.time("push.unread_delay"),
            ttl: reader.time("push.ttl"),
            mentions_override_mute: reader.flag("push.mentions_override_mute"),
            all_members_max: reader.count("push.all_members_max"),
            concurrency: reader.count("push.concurrency") as usize,
        },
        timeout,
        webpush: webpush(reader)?,
        fcm: reader
            .optional("push.fcm.service_account")
            .map(|path| FcmConfig {
                service_account: path.into(),
                url: reader.text("push.fcm.url"),
            }),
        apns: apns(reader)?,
    })
}

fn webpush(reader: &Reader<'_>) -> Result<Option<WebPushConfig>, ConfigError> {
    if !reader.flag("push.webpush.enabled") {
        return Ok(None);
    }
    let contact = reader.optional("push.webpush.contact");
    let is_address = |text: &str| text.starts_with("mailto:") || text.starts_with("https://");
    if contact.as_deref().is_some_and(|text| !is_address(text)) {
        let detail = "push.webpush.contact begins with mailto: or https://";
        return Err(ConfigError::Contradiction(detail.into()));
    }
    Ok(Some(WebPushConfig {
        contact,
        allows_private: reader.flag("push.webpush.private"),
    }))
}

fn apns(reader: &Reader<'_>) -> Result<Option<ApnsConfig>, ConfigError> {
    let names = ["key_file", "key_id", "team_id", "topic"].map(|name| format!("push.apns.{name}"));
    match names.each_ref().map(|name| reader.optional(name)) {
        [None, None, None, None] => Ok(None),
        [Some(key_file), Some(key_id), Some(team_id), Some(topic)] => Ok(Some(ApnsConfig {
            key_file: key_file.into(),
            key_id,
            team_id,
            topic,
            url: reader.text("push.apns.url"),
        })),
        values => {
            let missing = names
                .iter()
                .zip(values)
                .filter(|(_, value)| value.is_none());
            let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
            let detail = format!("push.apns: {} missing", missing.join(", "));
            Err(ConfigError::Contradiction(detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;

    #[test]
    fn browsers_are_told_and_nobody_else_unless_configured() {
        let push = Config::of(&[]).unwrap().push;
        assert!(push.webpush.is_some() && push.fcm.is_none() && push.apns.is_none());
        let off = Config::of(&[("push.webpush.enabled", "false")]).unwrap();
        assert!(!off.push.is_on());
    }

    #[test]
    fn half_of_what_apple_needs_is_refused_with_what_is_missing() {
        let half = [
            ("push.apns.key_id", "ABC"),
            ("push.apns.topic", "chat.example"),
        ];
        let error = Config::of(&half).unwrap_err().to_string();
        assert_eq!(
            error,
            "push.apns: push.apns.key_file, push.apns.team_id missing"
        );
    }

    #[test]
    fn a_contact_that_nobody_can_write_to_is_refused() {
        assert!(Config::of(&[("push.webpush.contact", "ops")]).is_err());
        assert!(Config::of(&[("push.webpush.contact", "mailto:ops@chat.example")]).is_ok());
    }
}
