//! Looks at a cluster, and changes nothing in it.

use std::collections::{BTreeSet, HashMap};

use chinwag_core::Clock;
use chinwag_proto::Timestamp;
use scylla::{client::session::Session, value::CqlTimestamp};

use super::{
    connect::connect,
    error::OpenError,
    migrate::{exists, has_replicas, rows, tables, version},
    options::Options,
    schema::VERSION,
};
use crate::finding::{Finding, compare_clocks};

const ABOUT: &str = "cassandra";
/// With fewer copies one node that is lost takes acknowledged messages along, or stops all writing.
const SAFE_COPIES: usize = 3;
/// The oldest version that this was written for.
const OLDEST: (u32, u32) = (4, 1);

/// What was found in a cluster.
#[derive(Debug, Default)]
pub struct Examination {
    /// How it is.
    pub findings: Vec<Finding>,
    /// The nodes of this server that have a lease there, or died with one.
    pub nodes: Vec<SeenNode>,
}

/// A node of this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenNode {
    /// Its number.
    pub number: u16,
    /// Where others call it; none where nobody can.
    pub address: Option<String>,
}

/// Looks at a cluster: its nodes, copies, schema and clock, and who is registered there.
pub async fn examine(options: &Options, clock: &dyn Clock) -> Examination {
    let (session, data_center) = match connect(options).await {
        Ok(connected) => connected,
        Err(error) => {
            return Examination {
                findings: vec![Finding::failure(ABOUT, error)],
                nodes: Vec::new(),
            };
        }
    };
    let cluster = Cluster {
        session,
        data_center,
        options,
    };
    let mut findings = vec![
        found(cluster.versions().await),
        cluster.reached(),
        compare_clocks(ABOUT, clock, cluster.time()).await,
    ];
    let mut nodes = Vec::new();
    match exists(&cluster.session, &options.keyspace).await {
        Ok(true) => {
            findings.push(found(cluster.copies().await));
            findings.push(found(cluster.schema().await));
            match cluster.nodes().await {
                Ok(seen) => nodes = seen,
                Err(error) => findings.push(Finding::failure(ABOUT, error)),
            }
        }
        Ok(false) => findings.push(cluster.copies_to_be()),
        Err(error) => findings.push(Finding::failure(ABOUT, error)),
    }
    Examination { findings, nodes }
}

fn found(looked: Result<Finding, OpenError>) -> Finding {
    looked.unwrap_or_else(|error| Finding::failure(ABOUT, error))
}

struct Cluster<'a> {
    session: Session,
    data_center: String,
    options: &'a Options,
}

impl Cluster<'_> {
    async fn versions(&self) -> Result<Finding, OpenError> {
        let mut versions: BTreeSet<String> = BTreeSet::new();
        for table in ["local", "peers"] {
            let query = format!("SELECT release_version FROM system.{table}");
            let told: Vec<(Option<String>,)> = rows(&self.session, &query, ()).await?;
            versions.extend(told.into_iter().filter_map(|(version,)| version));
        }
        let told: Vec<&str> = versions.iter().map(String::as_str).collect();
        let told = format!("version {}", told.join(" and "));
        Ok(if versions.iter().all(|version| is_new_enough(version)) {
            Finding::ok(ABOUT, told)
        } else {
            let (major, minor) = OLDEST;
            let advice = format!(
                "use Cassandra {major}.{minor} or later; ScyllaDB names an earlier one, and is untried"
            );
            Finding::warning(ABOUT, told, advice)
        })
    }

    fn reached(&self) -> Finding {
        let state = self.session.get_cluster_state();
        let here = state
            .get_nodes_info()
            .iter()
            .filter(|node| node.datacenter.as_deref() == Some(&*self.data_center));
        let (reached, away): (Vec<_>, Vec<_>) = here.partition(|node| node.is_connected());
        let all = reached.len() + away.len();
        let data_center = &self.data_center;
        if away.is_empty() {
            let found = format!("all {all} node(s) of data centre {data_center} answer");
            return Finding::ok(ABOUT, found);
        }
        let away: Vec<String> = away.iter().map(|node| node.address.to_string()).collect();
        let found = format!(
            "{} of {all} nodes of data centre {data_center} don't answer: {}",
            away.len(),
            away.join(", ")
        );
        let advice =
            "start them, or let this machine reach them: what has lost its quorum can't be written";
        Finding::warning(ABOUT, found, advice)
    }

    async fn time(&self) -> Result<Timestamp, OpenError> {
        let query = "SELECT toTimestamp(now()) FROM system.local";
        let told: Vec<(CqlTimestamp,)> = rows(&self.session, query, ()).await?;
        let told = told.first().map_or(0, |(time,)| time.0);
        Ok(Timestamp::from_unix_millis(told))
    }

    /// Judges the copies of a keyspace that is there.
    async fn copies(&self) -> Result<Finding, OpenError> {
        let keyspace = &self.options.keyspace;
        let query = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?";
        let told: Vec<(HashMap<String, String>,)> = rows(&self.session, query, (keyspace,)).await?;
        let replication = told
            .into_iter()
            .next()
            .map(|(map,)| map)
            .unwrap_or_default();
        let copies = replication
            .get(&self.data_center)
            .or_else(|| replication.get("replication_factor"));
        let copies: usize = copies.and_then(|copies| copies.parse().ok()).unwrap_or(0);
        let data_center = &self.data_center;
        let alter = format!(
            "ALTER KEYSPACE {keyspace} WITH replication = {{'class': 'NetworkTopologyStrategy', '{data_center}': \
             {SAFE_COPIES}}}, then nodetool repair on each node"
        );
        Ok(match copies {
            0 => {
                let found = format!("keyspace {keyspace} has no copy in data centre {data_center}");
                Finding::error(ABOUT, found, alter)
            }
            copies => few_or_enough(copies, format!("keyspace {keyspace}"), alter),
        })
    }

    /// Judges the copies that a keyspace would have that isn't there yet.
    fn copies_to_be(&self) -> Finding {
        let Options {
            keyspace,
            replication,
            ..
        } = self.options;
        match has_replicas(&self.session, &self.data_center, *replication) {
            Err(error) => Finding::failure(ABOUT, error),
            Ok(()) => few_or_enough(
                usize::from(*replication),
                format!("keyspace {keyspace} is made at the first start, and"),
                "set cassandra.replication = 3 before the first start, on three nodes or more"
                    .into(),
            ),
        }
    }

    async fn schema(&self) -> Result<Finding, OpenError> {
        let keyspace = &self.options.keyspace;
        // Only names of this connection: nothing of the cluster changes.
        let used = self.session.use_keyspace(keyspace, false).await;
        used.map_err(|error| OpenError::Schema(error.to_string()))?;
        if !tables(&self.session, keyspace)
            .await?
            .contains("schema_versions")
        {
            return Ok(Finding::ok(ABOUT, "the tables are made at the first start"));
        }
        let found = version(&self.session).await?;
        Ok(match found.cmp(&VERSION) {
            std::cmp::Ordering::Equal => Finding::ok(ABOUT, format!("schema version {found}")),
            std::cmp::Ordering::Less => Finding::ok(
                ABOUT,
                format!("schema version {found}; the next start brings it to {VERSION}"),
            ),
            std::cmp::Ordering::Greater => Finding::failure(
                ABOUT,
                OpenError::Newer {
                    keyspace: keyspace.clone(),
                    found,
                    known: VERSION,
                },
            ),
        })
    }

    /// Returns who is registered and hasn't left.
    async fn nodes(&self) -> Result<Vec<SeenNode>, OpenError> {
        let keyspace = &self.options.keyspace;
        if !tables(&self.session, keyspace)
            .await?
            .contains("node_profiles")
        {
            return Ok(Vec::new());
        }
        let query = format!("SELECT node, process, closed FROM {keyspace}.nodes");
        let leases: Vec<(i32, i64, Option<bool>)> = rows(&self.session, &query, ()).await?;
        let query = format!("SELECT node, process, address FROM {keyspace}.node_profiles");
        let profiles: Vec<(i32, i64, Option<String>)> = rows(&self.session, &query, ()).await?;
        let addresses: HashMap<(i32, i64), String> = profiles
            .into_iter()
            .filter_map(|(node, process, address)| Some(((node, process), address?)))
            .collect();
        let live = leases
            .into_iter()
            .filter(|(_, _, closed)| *closed != Some(true));
        let mut seen: Vec<SeenNode> = live
            .filter_map(|(node, process, _)| {
                let address = addresses.get(&(node, process)).cloned();
                Some(SeenNode {
                    number: u16::try_from(node).ok()?,
                    address: address.filter(|address| !address.is_empty()),
                })
            })
            .collect();
        seen.sort_unstable_by_key(|node| node.number);
        Ok(seen)
    }
}

fn few_or_enough(copies: usize, of: String, advice: String) -> Finding {
    let found = format!("{of} keeps {copies} copies of each row");
    if copies >= SAFE_COPIES {
        return Finding::ok(ABOUT, found);
    }
    let found = format!("{found}: a node that is lost stops writing, or takes messages along");
    Finding::warning(ABOUT, found, advice)
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        for (version, wanted) in [
            ("5.0.6", true),
            ("4.1.0", true),
            ("4.0.11", false),
            ("3.0.8", false),
            ("10.2", true),
            ("unknown", false),
        ] {
            assert_eq!(is_new_enough(version), wanted, "{version}");
        }
    }
}
