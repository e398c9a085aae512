//! The server that a run is against, and the run's users: a server of the run's own, several nodes of its own, or one
//! that runs.

mod answered;
mod balancer;
mod disk;
mod launch;
mod options;
mod own_server;
mod people;

use anyhow::{Result, bail};

pub(crate) use answered::{unique_request, until_answered};
pub use options::{Shared, SiteOptions};
pub(crate) use own_server::OwnServer;
pub use people::Signer;
pub(crate) use people::{Person, TokenMaker, appear};

use self::{balancer::Balancer, launch::Launch};

/// What servers of the run's own are to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    /// Settings of their configuration: variables of their environment.
    pub(crate) settings: &'a [(&'a str, &'a str)],
    /// How many.
    pub(crate) nodes: u32,
    /// A disk for the only one, of so many MiB.
    pub(crate) disk: OwnDisk,
}

/// Whether the only server has a disk of its own.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OwnDisk {
    No,
    /// Where this process may mount one.
    IfAllowed(u32),
    /// Without it there is no run.
    Must(u32),
}

impl Own<'_> {
    /// One server, as it is.
    pub(crate) const ONE: Self = Own {
        settings: &[],
        nodes: 1,
        disk: OwnDisk::No,
    };
}

/// The server.
pub(crate) struct Site {
    /// The servers that the run started.
    pub(crate) own: Vec<OwnServer>,
    /// What stands before several of them.
    pub(crate) balancer: Option<Balancer>,
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    /// What makes its users and their tokens.
    pub(crate) tokens: TokenMaker,
}

impl Site {
    /// Starts servers, or takes the one named.
    pub(crate) async fn open(options: &SiteOptions, own: Own<'_>) -> Result<Self> {
        match &options.server {
            Some(url) => Self::named(options, url),
            None => Self::start(options, own).await,
        }
    }

    fn named(options: &SiteOptions, url: &str) -> Result<Self> {
        let tokens = match (&options.jwt_secret, &options.data_dir) {
            (Some(secret), _) => TokenMaker::Secret(secret.clone()),
            (None, Some(data_dir)) => TokenMaker::Control(data_dir.join("control.sock")),
            (None, None) => {
                bail!(
                    "who makes the users' tokens? give --jwt-secret, or --data-dir of a server on this machine"
                )
            }
        };
        Ok(Self {
            own: Vec::new(),
            balancer: None,
            url: url.trim_end_matches('/').to_owned(),
            tokens,
        })
    }

    async fn start(options: &SiteOptions, wanted: Own<'_>) -> Result<Self> {
        let is_cluster = wanted.nodes > 1;
        if is_cluster && !options.shared.store {
            bail!(
                "several nodes share their engines: name a configuration with them by --config (engines.store = \"cassandra\" …)"
            );
        }
        let (secret, key) = (secret(), secret());
        let mut own = Vec::new();
        for number in 0..wanted.nodes {
            let mut settings = launch::owned(wanted.settings);
            settings.push(("CHINWAG_AUTH_JWT_SECRET".into(), secret.clone()));
            if is_cluster {
                settings.extend(launch::node(number, &key, options.shared.index));
            }
            let launch = Launch::new(options, settings)?.with_disk(wanted.disk);
            own.push(OwnServer::start(launch.await?).await?);
        }
        let balancer = match is_cluster {
            true => Some(Balancer::open(&own).await?),
            false => None,
        };
        let url = match &balancer {
            Some(balancer) => balancer.url(),
            None => own[0].url().to_owned(),
        };
        Ok(Self {
            own,
            balancer,
            url,
            tokens: TokenMaker::Secret(secret),
        })
    }

    /// Lets the servers leave that are the run's own. Errors: one didn't as it should.
    pub(crate) async fn close(self) -> Result<()> {
        let mut left = Ok(());
        for mut server in self.own {
            left = left.and(server.leave().await);
        }
        left
    }
}

/// Makes up what nobody guesses.
fn secret() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
