//! Connecting at the start, and making the topics.

use std::sync::Arc;

use chinwag_core::ports::QueueGroup;
use rdkafka::{
    admin::{AdminClient, AdminOptions, NewTopic, TopicReplication},
    error::{KafkaError, KafkaResult, RDKafkaErrorCode},
};

use tokio::time::Instant;

use super::{Options, client, client::Told};

/// How long the brokers may take to make topics, beside the time that each answer may take.
const MAKING_TAKES: std::time::Duration = std::time::Duration::from_secs(30);
/// How often a topic that was made is asked for its leaders.
const LEADERS_ASKED_EVERY: std::time::Duration = std::time::Duration::from_millis(20);

/// Why Kafka can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nobody answers.
    #[error(
        "kafka: none of {brokers} answers ({error}): is one running, reachable from here, and advertised under an address that is?"
    )]
    Away {
        /// Whom we asked.
        brokers: String,
        /// Why.
        error: String,
    },
    /// There are fewer brokers than copies.
    #[error(
        "kafka: kafka.replication is {wanted}, but there are {found} brokers: start more, or set kafka.replication = {found}"
    )]
    TooFewBrokers {
        /// How many copies are asked for.
        wanted: u16,
        /// How many brokers there are.
        found: usize,
    },
    /// A topic can't be made.
    #[error(
        "kafka: topic {topic} can't be made ({error}): are all brokers well, and may we make topics?"
    )]
    Topic {
        /// Which.
        topic: String,
        /// Why.
        error: String,
    },
    /// The settings are refused.
    #[error("kafka: {0}")]
    Refused(String),
}

/// Checks that brokers answer, and makes the topics that aren't there. Many nodes may do it at once.
pub(super) async fn prepare(options: &Options) -> Result<(), ConnectError> {
    let refused = |error: KafkaError| ConnectError::Refused(error.to_string());
    let admin: AdminClient<Told> = client::config(options)
        .create_with_context(Told)
        .map_err(refused)?;
    let admin = Arc::new(admin);
    let known = ask(&admin, options).await.map_err(|error| {
        let brokers = options.brokers.join(", ");
        let error = error.to_string();
        ConnectError::Away { brokers, error }
    })?;
    let names = QueueGroup::ALL.map(|group| options.name(group));
    let missing: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .filter(|name| !known.topics.iter().any(|topic| topic == name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if known.brokers < usize::from(options.replication) {
        return Err(ConnectError::TooFewBrokers {
            wanted: options.replication,
            found: known.brokers,
        });
    }
    make(&admin, options, &missing).await?;
    until_all_have_leaders(&admin, options, &missing).await
}

/// Waits until each topic that was made can be used: else the first events would wait for its leaders.
async fn until_all_have_leaders(
    admin: &Arc<AdminClient<Told>>,
    options: &Options,
    topics: &[&str],
) -> Result<(), ConnectError> {
    let time_is_up = Instant::now() + MAKING_TAKES;
    for topic in topics {
        while !has_leaders(admin, topic, options).await {
            if Instant::now() > time_is_up {
                return Err(ConnectError::Topic {
                    topic: (*topic).to_owned(),
                    error: "its partitions have no leaders".into(),
                });
            }
            tokio::time::sleep(LEADERS_ASKED_EVERY).await;
        }
    }
    Ok(())
}

/// Returns whether each partition of a topic has a leader; brokers that went away meanwhile are found out later.
async fn has_leaders(admin: &Arc<AdminClient<Told>>, topic: &str, options: &Options) -> bool {
    let (admin, topic, timeout) = (Arc::clone(admin), topic.to_owned(), options.timeout);
    let asking = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(Some(&topic), timeout)?;
        let partitions = metadata
            .topics()
            .iter()
            .flat_map(|topic| topic.partitions());
        let mut leaders = partitions.map(|partition| partition.leader()).peekable();
        Ok::<_, KafkaError>(leaders.peek().is_some() && leaders.all(|leader| leader >= 0))
    });
    matches!(asking.await, Ok(Ok(true) | Err(_)))
}

struct Known {
    brokers: usize,
    topics: Vec<String>,
}

async fn ask(admin: &Arc<AdminClient<Told>>, options: &Options) -> KafkaResult<Known> {
    let (admin, timeout) = (Arc::clone(admin), options.timeout);
    let asking = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(None, timeout)?;
        let topics = metadata.topics().iter();
        Ok(Known {
            brokers: metadata.brokers().len(),
            topics: topics.map(|topic| topic.name().to_owned()).collect(),
        })
    });
    asking.await.unwrap_or(Err(KafkaError::Canceled))
}

async fn make(
    admin: &AdminClient<Told>,
    options: &Options,
    missing: &[&str],
) -> Result<(), ConnectError> {
    let retention_ms = options.retention.as_millis().to_string();
    // One copy may be away and writing goes on; what was acknowledged is with all that are left.
    let in_sync = options.replication.saturating_sub(1).max(1).to_string();
    let topics = missing.iter().map(|name| {
        let replication = TopicReplication::Fixed(options.replication.into());
        NewTopic::new(name, options.partitions.into(), replication)
            .set("min.insync.replicas", &in_sync)
            .set("retention.ms", &retention_ms)
    });
    let topics: Vec<_> = topics.collect();
    let patience = AdminOptions::new().operation_timeout(Some(MAKING_TAKES));
    let made = admin.create_topics(&topics, &patience).await;
    let made = made.map_err(|error| ConnectError::Refused(error.to_string()))?;
    for result in made {
        match result {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((topic, code)) => {
                let error = code.to_string();
                return Err(ConnectError::Topic { topic, error });
            }
        }
    }
    Ok(())
}
