//! How a server of the run's own is started, the first time and again.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result};
use tempfile::TempDir;
use tokio::process::Command;

use super::{OwnDisk, disk::Disk, options::SiteOptions};

/// What a node does where another one has the index on its own disk.
const WITHOUT_INDEX: &str = "gateway,api,chat,fanout,push";

/// Names and values of a server's environment.
pub(super) type Settings = Vec<(String, String)>;

/// What a server is started with.
pub(super) struct Launch {
    config: Option<PathBuf>,
    settings: Settings,
    /// Mounted on the data directory.
    pub(super) disk: Option<Disk>,
    /// Removed with everything in it when this is dropped.
    directory: TempDir,
}

impl Launch {
    /// Makes a directory for a server.
    pub(super) fn new(options: &SiteOptions, settings: Settings) -> Result<Self> {
        let directory = match &options.store_in {
            Some(parent) => tempfile::tempdir_in(std::path::absolute(parent)?),
            None => tempfile::tempdir(),
        };
        let directory = directory.context("can't make a directory for the server's data")?;
        std::fs::create_dir(data(directory.path()))?;
        Ok(Self {
            config: options.config.clone(),
            settings,
            disk: None,
            directory,
        })
    }

    /// Gives the server the disk that it is to have. Errors: it must have one, and only root may mount it.
    pub(super) async fn with_disk(mut self, wanted: OwnDisk) -> Result<Self> {
        let data = data(self.directory.path());
        self.disk = match wanted {
            OwnDisk::No => None,
            OwnDisk::IfAllowed(size_mib) => Disk::mount(&data, size_mib).await.ok(),
            OwnDisk::Must(size_mib) => Some(Disk::mount(&data, size_mib).await?),
        };
        Ok(self)
    }

    /// Returns the command that starts it.
    pub(super) fn command(&self, listen: &str, clock_off_by_ms: i64) -> Result<Command> {
        let program = std::env::current_exe()?;
        let mut command = match &self.disk {
            Some(disk) => disk.command(&program)?,
            None => Command::new(program),
        };
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command
            .arg("serve")
            .arg(format!("--with-parent={}", std::process::id()))
            .arg(format!("--clock-off-by-ms={clock_off_by_ms}"))
            .env("CHINWAG_LISTEN", listen)
            .env("CHINWAG_DATA_DIR", data(self.directory.path()))
            .env("CHINWAG_LIMITS_RATES", "off")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if std::env::var_os("CHINWAG_LOG_LEVEL").is_none() {
            command.env("CHINWAG_LOG_LEVEL", "warn");
        }
        Ok(command)
    }
}

/// Returns what makes a server one of several nodes, by its number from 0.
pub(super) fn node(number: u32, key: &str, index_is_shared: bool) -> Settings {
    let mut settings = vec![
        ("CHINWAG_NODE_LISTEN", "127.0.0.1:0"),
        ("CHINWAG_NODE_KEY", key),
        ("CHINWAG_METRICS_LISTEN", "127.0.0.1:0"),
    ];
    if number > 0 && !index_is_shared {
        settings.push(("CHINWAG_NODE_ROLES", WITHOUT_INDEX));
    }
    owned(&settings)
}

/// Returns settings that a run keeps.
pub(super) fn owned(settings: &[(&str, &str)]) -> Settings {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    settings.iter().map(owned).collect()
}

fn data(directory: &Path) -> PathBuf {
    directory.join("data")
}
