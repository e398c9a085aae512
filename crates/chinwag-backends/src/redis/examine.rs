//! Looks at each Redis that is named, and changes nothing in it.

use chinwag_core::Clock;
use chinwag_proto::Timestamp;
use redis::{Client, RedisResult, aio::MultiplexedConnection};

use super::{
    connecting::{ConnectError, connection_of, probe},
    link::connection_config,
    options::Options,
};
use crate::finding::{Finding, compare_clocks};

const ABOUT: &str = "redis";
/// The slots of a cluster.
const SLOTS: u32 = 16_384;

/// Looks at each Redis that is named: version, mode, what it does when its memory is full, and its clock.
pub async fn examine(options: &Options, clock: &dyn Clock) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut answers = false;
    for url in &options.urls {
        match open(url, options).await {
            Ok((address, mut connection)) => {
                answers = true;
                findings.extend(look(&address, &mut connection, options).await);
                findings.push(compare_clocks(ABOUT, clock, time(&mut connection)).await);
            }
            Err(error) => findings.push(Finding::failure(ABOUT, error)),
        }
    }
    // Of several one is enough to begin with.
    if answers {
        findings = findings
            .into_iter()
            .map(Finding::at_most_a_warning)
            .collect();
    }
    findings
}

async fn open(
    url: &str,
    options: &Options,
) -> Result<(String, MultiplexedConnection), ConnectError> {
    let connection = connection_of(url, options)?;
    let address = probe(&connection, options).await?.to_string();
    let opening = async {
        let config = connection_config(options.timeout);
        let client = Client::open(connection)?;
        client
            .get_multiplexed_async_connection_with_config(&config)
            .await
    };
    let opened: RedisResult<_> = opening.await;
    match opened {
        Ok(connection) => Ok((address, connection)),
        Err(error) => Err(ConnectError::Away {
            address,
            error: error.to_string(),
        }),
    }
}

async fn look(
    address: &str,
    connection: &mut MultiplexedConnection,
    options: &Options,
) -> Vec<Finding> {
    let told: RedisResult<String> = redis::cmd("INFO").query_async(connection).await;
    let told = match told {
        Ok(told) => told,
        Err(error) => return vec![Finding::failure(ABOUT, format!("{address}: {error}"))],
    };
    let version = value(&told, "redis_version").unwrap_or("unknown");
    let mut findings = vec![Finding::ok(
        ABOUT,
        format!("{address} is version {version}"),
    )];
    findings.push(when_full(address, &told));
    if options.is_cluster {
        let told: RedisResult<String> = redis::cmd("CLUSTER")
            .arg("INFO")
            .query_async(connection)
            .await;
        findings.push(match told {
            Ok(told) => whole(address, &told),
            Err(error) => Finding::failure(ABOUT, format!("{address}: {error}")),
        });
    }
    findings
}

fn when_full(address: &str, told: &str) -> Finding {
    let policy = value(told, "maxmemory_policy").unwrap_or("noeviction");
    let is_bounded = value(told, "maxmemory").is_some_and(|bytes| bytes != "0");
    if !is_bounded || policy == "noeviction" {
        return Finding::ok(ABOUT, format!("{address} forgets nothing before its time"));
    }
    let found = format!("{address} forgets keys when its memory is full ({policy})");
    let advice = "set maxmemory-policy noeviction there: who is online would seem to be away";
    Finding::warning(ABOUT, found, advice)
}

fn whole(address: &str, told: &str) -> Finding {
    let slots = value(told, "cluster_slots_ok").and_then(|slots| slots.parse().ok());
    if value(told, "cluster_state") == Some("ok") && slots == Some(SLOTS) {
        return Finding::ok(ABOUT, format!("the cluster of {address} is whole"));
    }
    let found = format!("the cluster of {address} isn't whole: some slots have no master");
    Finding::error(ABOUT, found, "see redis-cli cluster nodes")
}

async fn time(connection: &mut MultiplexedConnection) -> RedisResult<Timestamp> {
    let (seconds, micros): (i64, i64) = redis::cmd("TIME").query_async(connection).await?;
    Ok(Timestamp::from_unix_millis(
        seconds * 1_000 + micros / 1_000,
    ))
}

/// Returns a value of what `INFO` tells.
fn value<'a>(told: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = told.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn keys_that_a_full_redis_forgets_are_told() {
        let judged = |told: &str| when_full("x", told).verdict;
        let bounded = "maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n";
        assert_eq!(judged(bounded), Verdict::Warning);
        let unbounded = "maxmemory:0\r\nmaxmemory_policy:allkeys-lru\r\n";
        assert_eq!(judged(unbounded), Verdict::Ok);
        let refusing = "maxmemory:1000\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(judged(refusing), Verdict::Ok);
    }

    #[test]
    fn a_cluster_without_all_its_slots_is_an_error() {
        let judged = |told: &str| whole("x", told).verdict;
        let all = "cluster_state:ok\r\ncluster_slots_ok:16384\r\n";
        assert_eq!(judged(all), Verdict::Ok);
        let failing = "cluster_state:ok\r\ncluster_slots_ok:10000\r\n";
        assert_eq!(judged(failing), Verdict::Error);
        assert_eq!(judged("cluster_state:fail\r\n"), Verdict::Error);
    }
}
