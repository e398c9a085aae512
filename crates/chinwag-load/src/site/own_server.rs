//! A server of the run's own: this very program as a child, on a new directory, stopped by its process id.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
    process::Child,
};

use super::{disk::Disk, launch::Launch};

/// How long a start may take: an empty store opens within a tenth of a second, a node of many waits for engines.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a stop may take before the process is cut: longer than a server's own bounds.
const STOP_TIMEOUT: Duration = Duration::from_secs(40);

/// A server, running, killed or stopped.
pub(crate) struct OwnServer {
    // Before its directory, so that the process is gone when that is removed.
    child: Child,
    launch: Launch,
    pid: u32,
    url: String,
    ready_in: Duration,
}

impl OwnServer {
    /// Starts a server, and returns once it says that it is ready.
    pub(super) async fn start(launch: Launch) -> Result<Self> {
        let (child, url, ready_in) = start(&launch, "127.0.0.1:0", 0).await?;
        let pid = child.id().context("the server has ended already")?;
        Ok(Self {
            child,
            launch,
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

    /// Returns host and port.
    pub(super) fn address(&self) -> Result<&str> {
        plain(&self.url)
    }

    /// Returns how long it took from the start of the process to its being ready.
    pub(crate) fn ready_in(&self) -> Duration {
        self.ready_in
    }

    /// Returns the disk of its own, where it has one.
    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.launch.disk.as_ref()
    }

    /// Kills it: nothing is finished, nothing is flushed.
    pub(crate) async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts a server that was killed or left again: on the same directory, at the same address, with its clock off by
    /// so many milliseconds.
    pub(crate) async fn start_again(&mut self, clock_off_by_ms: i64) -> Result<()> {
        let address = plain(&self.url)?;
        let (child, url, ready_in) = start(&self.launch, address, clock_off_by_ms).await?;
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
    pub(crate) async fn leave(&mut self) -> Result<()> {
        self.signal(Signal::TERM)?;
        match tokio::time::timeout(STOP_TIMEOUT, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => bail!("the server failed when it was stopped: {status}"),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => {
                self.child.kill().await?;
                bail!("the server didn't leave in {} s", STOP_TIMEOUT.as_secs())
            }
        }
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw);
        let pid = pid.context("no process has this number")?;
        Ok(kill_process(pid, signal)?)
    }
}

/// Starts a process; answers where it is and how long it took until it was ready.
async fn start(
    launch: &Launch,
    listen: &str,
    clock_off_by_ms: i64,
) -> Result<(Child, String, Duration)> {
    let mut command = launch.command(listen, clock_off_by_ms)?;
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

/// Returns host and port of the address.
fn plain(url: &str) -> Result<&str> {
    let address = url.strip_prefix("http://");
    address.context("the server of a run speaks plain HTTP: leave TLS out")
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
