//! The server that a run is against, and the run's users: a server of the run's own, or one that runs.

mod options;
mod own_server;
mod people;

use anyhow::{Result, bail};

pub use options::SiteOptions;
pub(crate) use own_server::OwnServer;
pub(crate) use people::{Person, TokenMaker, appear};

/// The server.
pub(crate) struct Site {
    /// The server that the run started.
    pub(crate) own: Option<OwnServer>,
    /// Its address, without a slash at the end.
    pub(crate) url: String,
    /// What makes its users and their tokens.
    pub(crate) tokens: TokenMaker,
}

impl Site {
    /// Starts a server with some settings of its configuration (variables of its environment), or takes the one named.
    pub(crate) async fn open(options: &SiteOptions, settings: &[(&str, &str)]) -> Result<Self> {
        let own = match &options.server {
            Some(_) => None,
            None => Some(OwnServer::start(options, settings).await?),
        };
        let url = match (&own, &options.server) {
            (Some(own), _) => own.url().to_owned(),
            (None, Some(url)) => url.trim_end_matches('/').to_owned(),
            (None, None) => bail!("no server"),
        };
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
        Ok(Self { own, url, tokens })
    }

    /// Stops the server, where it is the run's own.
    pub(crate) async fn close(self) -> Result<()> {
        match self.own {
            Some(own) => own.stop().await,
            None => Ok(()),
        }
    }
}
