//! The server as a run measures it: where its socket is, and which process it is.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use reqwest::Url;

use super::process;
use crate::{
    bench::{
        options::Options,
        plan::Node,
        report::{Started, Target},
    },
    site::{Own, OwnServer, Site, TokenMaker},
};

/// The server.
pub(super) struct Measured {
    site: Site,
    /// Where connections go, each next one to the next.
    pub(super) nodes: Vec<Node>,
    /// Its processes, as far as they are known.
    pub(super) pids: Vec<u32>,
    /// What else is measured.
    pub(super) neighbours: Vec<Neighbour>,
    started: Option<Started>,
}

/// Processes beside the server's, such as those of an engine.
pub(super) struct Neighbour {
    /// What the run was told that they are.
    pub(super) name: String,
    pub(super) pids: Vec<u32>,
    /// Their resident memory before the run did anything.
    pub(super) before_bytes: u64,
}

impl Measured {
    /// Starts a server, or takes the one named.
    pub(super) async fn open(options: &Options, own: Own<'_>) -> Result<Self> {
        let site = Site::open(&options.site, own).await?;
        let mut nodes = vec![node(&site.url).await?];
        for url in &options.nodes {
            nodes.push(node(url).await?);
        }
        let own = site.own.first();
        Ok(Self {
            nodes,
            pids: own.map_or_else(|| options.server_pids.clone(), |own| vec![own.pid()]),
            neighbours: neighbours(&options.beside)?,
            started: own.map(started).transpose()?,
            site,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.site.url
    }

    pub(super) fn tokens(&self) -> &TokenMaker {
        &self.site.tokens
    }

    /// Returns what the report says of the server.
    pub(super) fn target(&self) -> Target {
        Target {
            url: self.site.url.clone(),
            nodes: self.nodes.len(),
            started: self.started,
        }
    }

    /// Stops the server, where it is the run's own.
    pub(super) async fn close(self) -> Result<()> {
        self.site.close().await
    }
}

/// Puts processes of one name together.
fn neighbours(processes: &[(String, u32)]) -> Result<Vec<Neighbour>> {
    let mut by_name = BTreeMap::<&String, Vec<u32>>::new();
    for (name, pid) in processes {
        by_name.entry(name).or_default().push(*pid);
    }
    let neighbour = |(name, pids): (&String, Vec<u32>)| {
        Ok(Neighbour {
            name: name.clone(),
            before_bytes: process::resident_bytes(&pids)?,
            pids,
        })
    };
    by_name.into_iter().map(neighbour).collect()
}

fn started(own: &OwnServer) -> Result<Started> {
    Ok(Started {
        ready_ms: own.ready_in().as_secs_f64() * 1e3,
        resident_bytes: process::resident_bytes(&[own.pid()])?,
    })
}

/// Returns what a node is called, and where it is.
async fn node(url: &str) -> Result<Node> {
    let parsed = Url::parse(url).with_context(|| format!("{url:?} is no address"))?;
    if parsed.scheme() != "http" {
        bail!("a run speaks plain HTTP: name the server's own address, behind what ends TLS");
    }
    let host = parsed.host_str().context("the address names no host")?;
    let port = parsed.port_or_known_default().unwrap_or(80);
    let mut found = tokio::net::lookup_host((host, port)).await?;
    let socket = found.next().with_context(|| format!("{host} is nowhere"))?;
    Ok(Node {
        socket,
        host: format!("{host}:{port}"),
    })
}
