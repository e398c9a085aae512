//! How Kafka is reached, and what its topics are made like.

use std::time::Duration;

use chinwag_core::ports::QueueGroup;

/// How Kafka is reached, and what its topics are made like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Some of the brokers, `host:port` each.
    pub brokers: Vec<String>,
    /// What the names of topics and groups begin with.
    pub prefix: String,
    /// Partitions of a topic that is made: as many consumers of a group can share its work.
    pub partitions: u16,
    /// Copies of each partition of a topic that is made, on as many brokers.
    pub replication: u16,
    /// How long a topic that is made keeps records: longer than any group is ever behind.
    pub retention: Duration,
    /// How long publishing may take before Kafka counts as away.
    pub timeout: Duration,
    /// How long a consumer may be unheard of before others get its partitions.
    pub session_timeout: Duration,
    /// How long a consumer may take between two calls of `next` before others get its partitions.
    pub max_poll_interval: Duration,
}

impl Options {
    /// Makes the options of a Kafka at these addresses, whose topics have three copies.
    #[must_use]
    pub fn at(brokers: Vec<String>) -> Self {
        Self {
            brokers,
            prefix: "chinwag".into(),
            partitions: 24,
            replication: 3,
            retention: Duration::from_secs(7 * 24 * 3_600),
            timeout: Duration::from_secs(3),
            session_timeout: Duration::from_secs(10),
            max_poll_interval: Duration::from_secs(300),
        }
    }

    /// Returns the name of a group and of its topic.
    pub(super) fn name(&self, group: QueueGroup) -> String {
        format!("{}.{}", self.prefix, group.name())
    }
}
