//! Looks at an engine, and changes nothing in it.

use std::collections::BTreeMap;

use chinwag_core::ports::EngineResult;
use serde::Deserialize;

use super::{
    ConnectError, Options,
    call::Call,
    connecting::{check, welcome},
    indices::Indices,
    link::Link,
    names::Names,
};
use crate::finding::Finding;

const ABOUT: &str = "opensearch";
/// An engine stops taking new shards at 90 % of a disk by default, and writes at 95 %.
const SCARCE_PERCENT: u64 = 10;
const FLOODED_PERCENT: u64 = 5;

/// Looks at an engine: version, copies, disks, and whether the search index is there.
pub async fn examine(options: &Options) -> Vec<Finding> {
    let (engine, version) = match Engine::reach(options).await {
        Ok(reached) => reached,
        Err(error) => return vec![Finding::failure(ABOUT, error)],
    };
    vec![
        Finding::ok(ABOUT, version),
        found(engine.health().await, "monitor"),
        found(engine.disks().await, "monitor"),
        found(engine.index().await, "all on its indices"),
    ]
}

/// Takes what can't be asked for a warning: it may be for lack of a right alone.
fn found(looked: EngineResult<Finding>, right: &str) -> Finding {
    looked.unwrap_or_else(|error| {
        let advice = format!("see that it is well, and that the user has the right {right}");
        Finding::warning(ABOUT, error.to_string(), advice)
    })
}

struct Engine<'a> {
    link: Link,
    names: Names,
    options: &'a Options,
}

#[derive(Deserialize)]
struct Health {
    status: String,
    number_of_nodes: u64,
}

#[derive(Deserialize, Default)]
struct Nodes {
    #[serde(default)]
    nodes: BTreeMap<String, Node>,
}

#[derive(Deserialize)]
struct Node {
    name: String,
    fs: Disks,
}

#[derive(Deserialize)]
struct Disks {
    total: Disk,
}

#[derive(Deserialize)]
struct Disk {
    total_in_bytes: u64,
    available_in_bytes: u64,
}

impl<'a> Engine<'a> {
    async fn reach(options: &'a Options) -> Result<(Self, String), ConnectError> {
        check(options)?;
        let engine = Self {
            link: Link::new(options)?,
            names: Names::new(&options.index),
            options,
        };
        let version = welcome(&engine.link, options).await?;
        Ok((engine, version))
    }

    async fn health(&self) -> EngineResult<Finding> {
        let path = format!("_cluster/health/{}-*", self.options.index);
        let health: Health = self.ask(path, "tell its health").await?;
        let nodes = health.number_of_nodes;
        Ok(match health.status.as_str() {
            "green" => Finding::ok(ABOUT, format!("{nodes} node(s), every copy in its place")),
            "yellow" => Finding::warning(
                ABOUT,
                format!("{nodes} node(s), some copies have no place: search ends with a node"),
                "start more nodes; or set opensearch.replicas lower, and run chinwag reindex",
            ),
            _ => Finding::error(
                ABOUT,
                "some shards have no copy: searches fail".to_owned(),
                "start the nodes that have them; if they are lost, run chinwag reindex",
            ),
        })
    }

    async fn disks(&self) -> EngineResult<Finding> {
        let filter = "nodes.*.name,nodes.*.fs.total";
        let path = format!("_nodes/stats/fs?filter_path={filter}");
        let told: Nodes = self.ask(path, "tell its disks").await?;
        let fullest = told.nodes.values().min_by_key(|node| free_percent(node));
        Ok(fullest.map_or_else(
            || Finding::warning(ABOUT, "no node tells of its disk", "look at them by hand"),
            judge_disk,
        ))
    }

    async fn index(&self) -> EngineResult<Finding> {
        let Self {
            link,
            names,
            options,
        } = self;
        let indices = Indices::ask(link, names, options).await?;
        Ok(match (&indices.live, indices.is_outdated) {
            (_, true) => Finding::error(
                ABOUT,
                "the search index is kept by nodes of a later version",
                "update this one",
            ),
            (Some(index), false) => Finding::ok(ABOUT, format!("the search index is {index}")),
            (None, false) => Finding::ok(
                ABOUT,
                "there is no search index yet: a node with the role indexer builds it",
            ),
        })
    }

    async fn ask<T: serde::de::DeserializeOwned>(
        &self,
        path: String,
        what: &str,
    ) -> EngineResult<T> {
        let call = Call::get(path, self.options.timeout);
        self.link.send(&call).await?.done(what)?.json(what)
    }
}

fn free_percent(node: &Node) -> u64 {
    let Disk {
        total_in_bytes,
        available_in_bytes,
    } = node.fs.total;
    available_in_bytes.saturating_mul(100) / total_in_bytes.max(1)
}

fn judge_disk(node: &Node) -> Finding {
    let free = free_percent(node);
    let found = format!("at least {free} % of every disk is free ({})", node.name);
    let advice = "make room: writing stops when a disk is nearly full";
    match free {
        free if free < FLOODED_PERCENT => Finding::error(ABOUT, found, advice),
        free if free < SCARCE_PERCENT => Finding::warning(ABOUT, found, advice),
        _ => Finding::ok(ABOUT, found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Verdict;

    #[test]
    fn a_disk_that_is_nearly_full_is_told_before_writing_stops() {
        let judged = |free| {
            let total = Disk {
                total_in_bytes: 1_000,
                available_in_bytes: free,
            };
            let node = Node {
                name: "one".into(),
                fs: Disks { total },
            };
            judge_disk(&node).verdict
        };
        assert_eq!(judged(500), Verdict::Ok);
        assert_eq!(judged(90), Verdict::Warning);
        assert_eq!(judged(40), Verdict::Error);
    }
}
