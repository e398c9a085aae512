//! A server of the run's own: this very program as a child, on a new directory, stopped by its process id.

use std::{
    path::Path,
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

use crate::bench::options::Options;

/// How long a start may take: an empty store opens within a tenth of a second.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a stop may take before the process is cut.
const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// A running server.
pub(super) struct OwnServer {
    child: Child,
    pid: u32,
    url: String,
    secret: String,
    ready_in: Duration,
    /// Removed with everything in it when this is dropped.
    _directory: TempDir,
}

impl OwnServer {
    /// Starts a server, and returns once it says that it is ready.
    pub(super) async fn start(options: &Options) -> Result<Self> {
        let directory = directory(options.store_in.as_deref())?;
        let secret = hex(&rand::random::<[u8; 32]>());
        let mut command = Command::new(std::env::current_exe()?);
        if let Some(config) = &options.config {
            command.arg("--config").arg(config);
        }
        command
            .arg("serve")
            .env("CHINWAG_LISTEN", "127.0.0.1:0")
            .env("CHINWAG_DATA_DIR", directory.path().join("data"))
            .env("CHINWAG_LIMITS_RATES", "off")
            .env("CHINWAG_AUTH_JWT_SECRET", &secret)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        if std::env::var_os("CHINWAG_LOG_LEVEL").is_none() {
            command.env("CHINWAG_LOG_LEVEL", "warn");
        }
        let began = Instant::now();
        let mut child = command.spawn().context("can't start a server")?;
        let pid = child.id().context("the server has ended already")?;
        let output = child.stdout.take().context("the server has no output")?;
        let starting = async {
            let url = url(output).await?;
            until_ready(&url).await?;
            anyhow::Ok(url)
        };
        let url = tokio::time::timeout(START_TIMEOUT, starting)
            .await
            .context("the server isn't ready")??;
        Ok(Self {
            ready_in: began.elapsed(),
            child,
            pid,
            url,
            secret,
            _directory: directory,
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns what it takes tokens by.
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// Returns how long it took from the start of the process to its being ready.
    pub(super) fn ready_in(&self) -> Duration {
        self.ready_in
    }

    /// Asks it to leave, and waits until it has.
    pub(super) async fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let pid = pid.context("no process has this number")?;
        kill_process(pid, Signal::TERM)?;
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => bail!("the server failed when it was stopped: {status}"),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => Ok(self.child.kill().await?),
        }
    }
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

async fn until_ready(url: &str) -> Result<()> {
    let address = url.strip_prefix("http://");
    let address = address.context("the server of a run speaks plain HTTP: leave TLS out")?;
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
