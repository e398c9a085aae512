//! Names of keys and channels. Each ends in one hash tag, so that what one script touches lies in one slot.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chinwag_core::{model::NodeId, ports::Topic};
use chinwag_proto::{ChatId, UserId};

use super::slots::slot_of;

/// The keys of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserKeys {
    /// `online` while the user is.
    pub(super) presence: String,
    /// The user's sessions, and when the last one left.
    pub(super) sessions: String,
    /// The slot of both.
    pub(super) slot: u16,
}

impl UserKeys {
    /// Names a user's keys; the id stands there in base64url, since it may hold braces.
    pub(super) fn of(prefix: &str, user: &UserId) -> Self {
        let tag = URL_SAFE_NO_PAD.encode(user.as_str());
        Self {
            presence: format!("{prefix}presence:{{{tag}}}"),
            sessions: format!("{prefix}sessions:{{{tag}}}"),
            slot: slot_of(tag.as_bytes()),
        }
    }
}

/// The names of one topic of the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TopicKeys {
    /// How many messages were published on it.
    pub(super) number: String,
    /// Where they are published.
    pub(super) channel: String,
    /// The slot of both.
    pub(super) slot: u16,
}

impl TopicKeys {
    /// Names a topic's key and channel.
    pub(super) fn of(prefix: &str, topic: Topic) -> Self {
        let tag = match topic {
            Topic::Inbox(node) => format!("node{}", node.0),
            Topic::Chat(chat) => format!("chat{}", chat.0),
        };
        Self {
            number: format!("{prefix}number:{{{tag}}}"),
            channel: format!("{prefix}topic:{{{tag}}}"),
            slot: slot_of(tag.as_bytes()),
        }
    }
}

/// Reads the topic from a channel's name.
pub(super) fn topic_of(prefix: &str, channel: &[u8]) -> Option<Topic> {
    let name = std::str::from_utf8(channel).ok()?;
    let name = name.strip_prefix(prefix)?.strip_prefix("topic:{")?;
    let tag = name.strip_suffix('}')?;
    if let Some(node) = tag.strip_prefix("node") {
        return Some(Topic::Inbox(NodeId(node.parse().ok()?)));
    }
    let chat = tag.strip_prefix("chat")?;
    Some(Topic::Chat(ChatId(chat.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_names_its_topic() {
        for topic in [Topic::Inbox(NodeId(1_022)), Topic::Chat(ChatId(u64::MAX))] {
            let keys = TopicKeys::of("a:", topic);
            assert_eq!(topic_of("a:", keys.channel.as_bytes()), Some(topic));
            assert_eq!(topic_of("b:", keys.channel.as_bytes()), None);
        }
        assert_eq!(topic_of("", b"topic:{chatx}"), None);
    }

    #[test]
    fn a_users_keys_share_a_slot_whatever_the_id_holds() {
        let keys = UserKeys::of("", &UserId::new("a}{b").unwrap());
        assert_eq!(keys.presence, "presence:{YX17Yg}");
        assert_eq!(keys.sessions, "sessions:{YX17Yg}");
        assert_eq!(keys.slot, slot_of(b"YX17Yg"));
    }
}
