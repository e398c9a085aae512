//! Looks at the brokers and topics, and changes nothing there.

use std::sync::Arc;

use chinwag_core::ports::QueueGroup;
use rdkafka::{
    admin::{AdminClient, AdminOptions, ResourceSpecifier},
    error::{KafkaError, KafkaResult},
};

use super::{ConnectError, Options, client, client::Told};
use crate::finding::Finding;

const ABOUT: &str = "kafka";
/// With fewer copies a broker that is lost takes along what is queued, or stops queueing.
const SAFE_COPIES: usize = 3;
/// With fewer in-sync copies what was acknowledged may be on one disk alone.
const SAFE_IN_SYNC: usize = 2;
const IN_SYNC: &str = "min.insync.replicas";

/// Looks at the brokers, and at the topics: their leaders, their copies, how many must have what is acknowledged.
pub async fn examine(options: &Options) -> Vec<Finding> {
    let admin: KafkaResult<AdminClient<Told>> = client::config(options).create_with_context(Told);
    let admin = match admin {
        Ok(admin) => Arc::new(admin),
        Err(error) => return vec![Finding::failure(ABOUT, format!("kafka: {error}"))],
    };
    let seen = match ask(&admin, options).await {
        Ok(seen) => seen,
        Err(error) => {
            let brokers = options.brokers.join(", ");
            let error = error.to_string();
            return vec![Finding::failure(
                ABOUT,
                ConnectError::Away { brokers, error },
            )];
        }
    };
    let found = format!("{} broker(s) answer", seen.brokers);
    let mut findings = vec![Finding::ok(ABOUT, found)];
    let names = QueueGroup::ALL.map(|group| options.name(group));
    if seen.topics.len() < names.len() {
        findings.push(to_be_made(&seen, options));
    }
    if !seen.topics.is_empty() {
        findings.push(leaders(&seen));
        findings.push(copies(&seen));
        let in_sync = in_sync_needed(&admin, &seen).await;
        findings.push(in_sync.unwrap_or_else(|error| {
            let found = format!("{IN_SYNC} of the topics can't be read: {error}");
            Finding::warning(ABOUT, found, "see that it is at least 2")
        }));
    }
    findings
}

struct Seen {
    brokers: usize,
    /// Those of this server that are there.
    topics: Vec<Topic>,
}

struct Topic {
    name: String,
    partitions: Vec<Partition>,
}

struct Partition {
    has_leader: bool,
    copies: usize,
    in_sync: usize,
}

async fn ask(admin: &Arc<AdminClient<Told>>, options: &Options) -> KafkaResult<Seen> {
    let (admin, timeout) = (Arc::clone(admin), options.timeout);
    let names = QueueGroup::ALL.map(|group| options.name(group));
    let asking = tokio::task::spawn_blocking(move || {
        let metadata = admin.inner().fetch_metadata(None, timeout)?;
        let topics = metadata.topics().iter();
        let ours = topics.filter(|topic| names.iter().any(|name| name == topic.name()));
        let topics = ours.map(|topic| Topic {
            name: topic.name().to_owned(),
            partitions: topic
                .partitions()
                .iter()
                .map(|partition| Partition {
                    has_leader: partition.leader() >= 0,
                    copies: partition.replicas().len(),
                    in_sync: partition.isr().len(),
                })
                .collect(),
        });
        Ok(Seen {
            brokers: metadata.brokers().len(),
            topics: topics.collect(),
        })
    });
    asking.await.unwrap_or(Err(KafkaError::Canceled))
}

/// Judges topics that aren't there yet.
fn to_be_made(seen: &Seen, options: &Options) -> Finding {
    let wanted = options.replication;
    let found = seen.brokers;
    if found < usize::from(wanted) {
        return Finding::failure(ABOUT, ConnectError::TooFewBrokers { wanted, found });
    }
    let made = format!("topics are made at the next start, of {wanted} copies");
    if usize::from(wanted) >= SAFE_COPIES {
        return Finding::ok(ABOUT, made);
    }
    let advice = "set kafka.replication = 3 before that, on three brokers or more";
    Finding::warning(ABOUT, made, advice)
}

fn leaders(seen: &Seen) -> Finding {
    let leaderless: Vec<&str> = seen
        .topics
        .iter()
        .filter(|topic| {
            topic
                .partitions
                .iter()
                .any(|partition| !partition.has_leader)
        })
        .map(|topic| topic.name.as_str())
        .collect();
    if leaderless.is_empty() {
        return Finding::ok(ABOUT, "every partition has a leader");
    }
    let found = format!("partitions without a leader in {}", leaderless.join(", "));
    let advice = "start the brokers that have them: what is queued there waits";
    Finding::error(ABOUT, found, advice)
}

fn copies(seen: &Seen) -> Finding {
    let partitions = seen.topics.iter().flat_map(|topic| &topic.partitions);
    let behind = partitions
        .clone()
        .filter(|partition| partition.in_sync < partition.copies)
        .count();
    let fewest = partitions.map(|partition| partition.copies).min();
    let fewest = fewest.unwrap_or_default();
    if fewest < SAFE_COPIES {
        let found = format!(
            "topics keep {fewest} copies: a broker that is lost stops queueing, or takes along what is queued"
        );
        let advice =
            "have three brokers or more, and raise the copies by kafka-reassign-partitions";
        return Finding::warning(ABOUT, found, advice);
    }
    if behind > 0 {
        let found = format!("{behind} partitions have copies that are behind");
        return Finding::warning(ABOUT, found, "see that every broker runs, and has room");
    }
    Finding::ok(ABOUT, format!("topics keep {fewest} copies, all in sync"))
}

/// Judges how many copies must have what is acknowledged.
async fn in_sync_needed(admin: &AdminClient<Told>, seen: &Seen) -> Result<Finding, String> {
    let topics = seen.topics.iter();
    let topics: Vec<_> = topics
        .map(|topic| ResourceSpecifier::Topic(&topic.name))
        .collect();
    let described = admin.describe_configs(&topics, &AdminOptions::new()).await;
    let mut fewest = usize::MAX;
    for topic in described.map_err(|error| error.to_string())? {
        let topic = topic.map_err(|code| code.to_string())?;
        let value = topic.get(IN_SYNC).and_then(|entry| entry.value.as_ref());
        let value = value.and_then(|value| value.parse().ok());
        fewest = fewest.min(value.ok_or("it isn't told")?);
    }
    let found = format!("{IN_SYNC} is {fewest}");
    if fewest >= SAFE_IN_SYNC {
        return Ok(Finding::ok(ABOUT, found));
    }
    let found = format!("{found}: what is acknowledged may be on one disk alone");
    let advice = format!(
        "kafka-configs --alter --entity-type topics --entity-name TOPIC --add-config {IN_SYNC}={SAFE_IN_SYNC}, for each \
         of {}",
        topic_names(seen)
    );
    Ok(Finding::warning(ABOUT, found, advice))
}

fn topic_names(seen: &Seen) -> String {
    let names: Vec<&str> = seen
        .topics
        .iter()
        .map(|topic| topic.name.as_str())
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Verdict;

    fn seen(has_leader: bool, copies: usize, in_sync: usize) -> Seen {
        let partition = |has_leader, copies, in_sync| Partition {
            has_leader,
            copies,
            in_sync,
        };
        Seen {
            brokers: 3,
            topics: vec![Topic {
                name: "chinwag.push".into(),
                partitions: vec![
                    partition(true, 3, 3),
                    partition(has_leader, copies, in_sync),
                ],
            }],
        }
    }

    #[test]
    fn the_worst_partition_counts() {
        assert_eq!(leaders(&seen(true, 3, 3)).verdict, Verdict::Ok);
        let leaderless = leaders(&seen(false, 3, 3));
        assert_eq!(leaderless.verdict, Verdict::Error);
        assert!(leaderless.found.contains("chinwag.push"), "{leaderless:?}");
        assert_eq!(copies(&seen(true, 3, 3)).verdict, Verdict::Ok);
        assert_eq!(copies(&seen(true, 3, 2)).verdict, Verdict::Warning);
        let few = copies(&seen(true, 1, 1));
        assert_eq!(few.verdict, Verdict::Warning);
        assert!(few.found.contains("1 copies"), "{few:?}");
    }

    #[test]
    fn topics_that_cannot_be_made_are_an_error_and_unsafe_ones_a_warning() {
        let judged = |replication| {
            let options = Options {
                replication,
                ..Options::at(Vec::new())
            };
            to_be_made(&seen(true, 3, 3), &options).verdict
        };
        assert_eq!(judged(4), Verdict::Error);
        assert_eq!(judged(3), Verdict::Ok);
        assert_eq!(judged(1), Verdict::Warning);
    }
}
