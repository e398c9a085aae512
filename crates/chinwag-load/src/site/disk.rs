//! A small disk of a server's own, which can be filled: a tmpfs that this process and the server alone see.
//!
//! It is mounted in a mount namespace, held by a process that ends with this one: nothing of it outlives the run.

use std::{
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context as _, Result, bail};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// Mounts a tmpfs of `$2` MiB at `$1`, says so, and waits for the end of what it reads.
const MOUNT: &str =
    r#"mount -t tmpfs -o "size=$2m" chinwag-verify "$1" && echo mounted && exec cat"#;
/// Runs `$2…` in the directory `$1`.
const IN_DIRECTORY: &str = r#"cd "$1" && shift && exec "$@""#;
/// What fills the disk.
const FILLER: &str = "filler";
/// So much is written at a time, first and last.
const CHUNKS: [usize; 2] = [1 << 20, 1 << 9];

/// A disk, mounted as long as this lives.
pub(crate) struct Disk {
    holder: Child,
    pid: u32,
    directory: PathBuf,
}

impl Disk {
    /// Mounts one of so many MiB at a directory that is there. Errors: only root may.
    pub(super) async fn mount(directory: &Path, size_mib: u32) -> Result<Self> {
        let mut holder = Command::new("unshare")
            .args(["--mount", "sh", "-c", MOUNT, "sh"])
            .arg(directory)
            .arg(size_mib.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("can't run unshare, which a disk of the server's own needs")?;
        let pid = holder.id().context("the disk's holder has ended")?;
        let output = holder.stdout.take().context("unshare has no output")?;
        let said = BufReader::new(output).lines().next_line().await?;
        if said.as_deref() != Some("mounted") {
            let told = holder.wait_with_output().await?.stderr;
            let told = String::from_utf8_lossy(&told);
            bail!(
                "can't mount a disk of the server's own, which only root may: {}",
                told.trim()
            );
        }
        Ok(Self {
            holder,
            pid,
            directory: directory.to_owned(),
        })
    }

    /// Returns a command that runs a program where the disk is seen; arguments follow.
    pub(super) fn command(&self, program: &Path) -> Result<Command> {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--mount=/proc/{}/ns/mnt", self.pid))
            .args(["sh", "-c", IN_DIRECTORY, "sh"])
            .arg(std::env::current_dir()?)
            .arg(program);
        Ok(command)
    }

    /// Fills it until nothing more can be written; answers by how many bytes.
    pub(crate) async fn fill(&self) -> Result<u64> {
        let path = self.seen_from_here().join(FILLER);
        let filled = tokio::task::spawn_blocking(move || fill(&path)).await?;
        filled.context("can't fill the server's disk")
    }

    /// Frees what filled it.
    pub(crate) fn free(&self) -> Result<()> {
        Ok(std::fs::remove_file(self.seen_from_here().join(FILLER))?)
    }

    fn seen_from_here(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.pid));
        match self.directory.strip_prefix("/") {
            Ok(inside) => root.join(inside),
            Err(_) => root.join(&self.directory),
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Whoever has ended needs no end.
        let _ = self.holder.start_kill();
    }
}

fn fill(path: &Path) -> io::Result<u64> {
    let mut filler = File::create(path)?;
    let mut written = 0;
    for chunk in CHUNKS.map(|bytes| vec![0; bytes]) {
        loop {
            match filler.write_all(&chunk) {
                Ok(()) => written += chunk.len() as u64,
                Err(error) if error.kind() == io::ErrorKind::StorageFull => break,
                Err(error) => return Err(error),
            }
        }
    }
    Ok(written)
}
