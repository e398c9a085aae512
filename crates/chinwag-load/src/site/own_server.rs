//! A server of the run's own: this very program as a child, on a new directory, stopped by its process id.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
};

use super::options::SiteOptions;

/// How long a start may take: an empty store opens within a tenth of a second.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stop may take before the process is cut.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A server, running or killed.
pub(crate) struct OwnServer {
    launch: Launch,
    child: Child,
    pid: u32,
    url: String,
    ready_in: Duration,
}

/// How it is started, the first time and again.
struct Launch {
    config: Option<PathBuf>,
    settings: Vec<(String, String)>,
    secret: String,
    /// Removed with everything in it when this is dropped.
    directory: TempDir,
}

impl OwnServer {
    /// Starts a server with some variables in its environment, and returns once it says that it is ready.
    pub(crate) async fn start(options: &SiteOptions, settings: &[(&str, &str)]) -> Result<Self> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let launch = Launch {
            config: options.config.clone(),
            settings: settings.iter().map(owned).collect(),
            secret: hex(&rand::random::<[u8; 32]>()),
            directory: directory(options.store_in.as_deref())?,
        };
        let (child, url, ready_in) = launch.start("127.0.0.1:0").await?;
        let pid = child.id().context("the server has ended already")?;
        Ok(Self {
            launch,
            child,
            pid,
            url,
            ready_in,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns what it takes tokens by.
    pub(crate) fn secret(&self) -> &str {
        &self.launch.secret
    }

    /// Returns how long it took from the start of the process to its being ready.
    pub(crate) fn ready_in(&self) -> Duration {
        self.ready_in
    }

    /// Kills it: nothing is finished, nothing is flushed.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts a server that was killed again: on the same directory, at the same address.
    pub(crate) async fn start_again(&mut self) -> Result<()> {
        let address = plain(&self.url)?;
        let (child, url, ready_in) = self.launch.start(address).await?;
        self.pid = child.id().context("the server has ended already")?;
        (self.child, self.url, self.ready_in) = (child, url, ready_in);
        Ok(())
    }

    /// Stops it in the middle of whatever it does.
    pub(crate) fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen one go on.
    pub(crate) fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Asks it to leave, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => bail!("the server failed when it was stopped: {status}"),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Ok(self.child.kill().await?),
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let pid = pid.context("no process has this number")?;
        Ok(kill_process(pid, signal)?)
    }
}

impl Launch {
    async fn start(&self, listen: &str) -> Result<(Child, String, Duration)> {
        let mut command = Command::new(std::env::current_exe()?);
        if let Some(config) = &self.config {
            command.arg("--config").arg(config);
        }
        command
            .arg("serve")
            .env("CHINWAG_LISTEN", listen)
            .env("CHINWAG_DATA_DIR", self.directory.path().join("data"))
            .env("CHINWAG_LIMITS_RATES", "off")
            .env("CHINWAG_AUTH_JWT_SECRET", &self.secret)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if std::env::var_os("CHINWAG_LOG_LEVEL").is_none() {
            command.env("CHINWAG_LOG_LEVEL", "warn");
        }
        let began = Instant::now();
        let mut child = command.spawn().context("can't start a server")?;
        let output = child.stdout.take().context("the server has no output")?;
        let starting = async {
            let url = url(output).await?;
            until_ready(plain(&url)?).await?;
            anyhow::Ok(url)
        };
        let url = tokio::time::timeout(START_TIMEOUT, starting)
            .await
            .context("the server isn't ready")??;
        Ok((child, url, began.elapsed()))
    }
}

/// Returns host and port of the address.
fn plain(url: &str) -> Result<&str> {
    let address = url.strip_prefix("http://");
    address.context("the server of a run speaks plain HTTP: leave TLS out")
}

fn directory(parent: Option<&Path>) -> Result<TempDir> {
    let made = match parent {
        Some(parent) => tempfile::tempdir_in(parent),
        None => tempfile::tempdir(),
    };
    made.context("can't make a directory for the server's data")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads where the server is from what it prints; the rest of that is read and forgotten.
async fn url(output: tokio::process::ChildStdout) -> Result<String> {
    let mut lines = BufReader::new(output).lines();
    while let Some(line) = lines.next_line().await? {
        let address = line.split_once(" serves on ");
        let url = address.and_then(|(_, rest)| rest.split_once(','));
        if let Some((url, _)) = url {
            let url = url.to_owned();
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Ok(url);
        }
    }
    bail!("the server ended; it says above why")
}

async fn until_ready(address: &str) -> Result<()> {
    loop {
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        if answer.starts_with("HTTP/1.1 200 ") {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
