//! The server that a run measures: one of its own, or one that runs.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use reqwest::Url;

use super::{own_server::OwnServer, people::TokenMaker, process};
use crate::bench::{
    options::Options,
    report::{Started, Target},
};

/// The server.
pub(super) struct Site {
    own: Option<OwnServer>,
    pub(super) url: String,
    pub(super) host: String,
    pub(super) socket: SocketAddr,
    pub(super) tokens: TokenMaker,
    /// Its process, where that is known.
    pub(super) pid: Option<u32>,
    started: Option<Started>,
}

impl Site {
    /// Starts a server, or takes the one named.
    pub(super) async fn open(options: &Options) -> Result<Self> {
        let own = match &options.server {
            Some(_) => None,
            None => Some(OwnServer::start(options).await?),
        };
        let url = match (&own, &options.server) {
            (Some(own), _) => own.url().to_owned(),
            (None, Some(url)) => url.trim_end_matches('/').to_owned(),
            (None, None) => bail!("no server"),
        };
        let (host, socket) = address(&url).await?;
        let tokens = match (&own, &options.jwt_secret, &options.data_dir) {
            (Some(own), _, _) => TokenMaker::Secret(own.secret().to_owned()),
            (None, Some(secret), _) => TokenMaker::Secret(secret.clone()),
            (None, None, Some(data_dir)) => TokenMaker::Control(data_dir.join("control.sock")),
            (None, None, None) => {
                bail!(
                    "who makes the users' tokens? give --jwt-secret, or --data-dir of a server on this machine"
                )
            }
        };
        let started = own.as_ref().map(started).transpose()?;
        Ok(Self {
            pid: own.as_ref().map(OwnServer::pid).or(options.server_pid),
            own,
            url,
            host,
            socket,
            tokens,
            started,
        })
    }

    /// Returns what the report says of the server.
    pub(super) fn target(&self) -> Target {
        Target {
            url: self.url.clone(),
            started: self.started,
        }
    }

    /// Stops the server, where it is the run's own.
    pub(super) async fn close(self) -> Result<()> {
        match self.own {
            Some(own) => own.stop().await,
            None => Ok(()),
        }
    }
}

fn started(own: &OwnServer) -> Result<Started> {
    Ok(Started {
        ready_ms: own.ready_in().as_secs_f64() * 1e3,
        resident_bytes: process::resident_bytes(own.pid())?,
    })
}

/// Returns what a server is called, and where it is.
async fn address(url: &str) -> Result<(String, SocketAddr)> {
    let parsed = Url::parse(url).with_context(|| format!("{url:?} is no address"))?;
    if parsed.scheme() != "http" {
        bail!("a run speaks plain HTTP: name the server's own address, behind what ends TLS");
    }
    let host = parsed.host_str().context("the address names no host")?;
    let port = parsed.port_or_known_default().unwrap_or(80);
    let mut found = tokio::net::lookup_host((host, port)).await?;
    let socket = found.next().with_context(|| format!("{host} is nowhere"))?;
    Ok((format!("{host}:{port}"), socket))
}
