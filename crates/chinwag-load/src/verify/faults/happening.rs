//! What each fault does.

use std::{io::Read as _, io::Seek as _, process::Stdio, time::Duration};

use anyhow::{Context as _, Result, bail};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use tokio::process::Command;

use super::Wrong;
use crate::{
    check::history::{Server, ServerState, What},
    site::{OwnServer, Site},
    verify::{
        options::{Disturbance, Fault},
        stage::Stage,
    },
};

/// How long a frame takes at most while the line is slow.
const DELAY: Duration = Duration::from_millis(200);
/// How long the line is slow.
const SLOW: Duration = Duration::from_secs(1);
/// How long a server stands still.
const FROZEN: Duration = Duration::from_millis(1_500);
/// How long a disk is full.
const FULL: Duration = Duration::from_millis(1_500);
/// How long a clock is wrong.
const WRONG: Duration = Duration::from_secs(2);
/// By how much a clock is wrong, milliseconds: up to what servers are made for.
const OFF_BY_MS: std::ops::RangeInclusive<i64> = 30_000..=300_000;
/// How long an engine is away: longer than a server waits for its answer.
const AWAY: Duration = Duration::from_secs(5);

/// What faults happen to.
pub(super) struct Happening<'a> {
    stage: &'a Stage,
    site: &'a mut Site,
    random: StdRng,
    /// How many faults of one server there were: each has its turn.
    turn: usize,
}

impl<'a> Happening<'a> {
    pub(super) fn new(stage: &'a Stage, site: &'a mut Site, seed: u64) -> Self {
        Self {
            stage,
            site,
            random: StdRng::seed_from_u64(seed),
            turn: 0,
        }
    }

    /// Lets something go wrong, and be right again. Errors: it can't be.
    pub(super) async fn happens(&mut self, wrong: &Wrong) -> Result<()> {
        match wrong {
            Wrong::Engine(engine) => self.disturb(engine).await,
            Wrong::Fault(fault) => match fault {
                Fault::Cut => {
                    self.stage.line.cut_half(&mut self.random);
                    Ok(())
                }
                Fault::Delay => {
                    self.stage.line.delay(DELAY);
                    self.stage.pause(SLOW).await;
                    self.stage.line.delay(Duration::ZERO);
                    Ok(())
                }
                Fault::Kill => self.kill().await,
                Fault::Freeze => self.freeze().await,
                Fault::Restart => self.restart().await,
                Fault::Clock => self.step_clock().await,
                Fault::Disk => self.fill_disk().await,
                Fault::Engines | Fault::None => Ok(()),
            },
        }
    }

    async fn kill(&mut self) -> Result<()> {
        let node = self.next();
        self.told(node, ServerState::Killed);
        let server = self.server(node)?;
        server.kill().await?;
        server.start_again(0).await?;
        self.told(node, ServerState::Started);
        Ok(())
    }

    async fn freeze(&mut self) -> Result<()> {
        let node = self.next();
        self.told(node, ServerState::Killed);
        self.server(node)?.freeze()?;
        tokio::time::sleep(FROZEN).await;
        self.server(node)?.thaw()?;
        self.told(node, ServerState::Started);
        Ok(())
    }

    /// Restarts all, one after another.
    async fn restart(&mut self) -> Result<()> {
        for node in 0..self.site.own.len() {
            self.restart_with(node, 0).await?;
        }
        Ok(())
    }

    async fn step_clock(&mut self) -> Result<()> {
        let node = self.next();
        let off_by_ms = self.random.random_range(OFF_BY_MS);
        let is_slow = self.random.random_bool(0.5);
        let off_by_ms = if is_slow { -off_by_ms } else { off_by_ms };
        self.restart_with(node, off_by_ms).await?;
        self.stage.pause(WRONG).await;
        self.restart_with(node, 0).await
    }

    async fn fill_disk(&mut self) -> Result<()> {
        let disk = self.site.own.first().and_then(OwnServer::disk);
        let disk = disk.context("the server has no disk of its own")?;
        disk.fill().await?;
        self.stage.pause(FULL).await;
        disk.free()
    }

    async fn disturb(&self, engine: &Disturbance) -> Result<()> {
        self.tell(&engine.name, ServerState::Stopped);
        shell(&engine.stop).await?;
        tokio::time::sleep(AWAY).await;
        shell(&engine.start).await?;
        self.tell(&engine.name, ServerState::Started);
        Ok(())
    }

    /// Lets a server leave in order and start again, with its clock off by so many milliseconds; others are there for
    /// whoever comes meanwhile.
    async fn restart_with(&mut self, node: usize, clock_off_by_ms: i64) -> Result<()> {
        self.told(node, ServerState::Stopped);
        self.take_out(node, true);
        if let Err(error) = self.server(node)?.leave().await {
            self.stage.surprises.note(|| error.to_string());
        }
        self.server(node)?.start_again(clock_off_by_ms).await?;
        self.take_out(node, false);
        self.told(node, ServerState::Started);
        Ok(())
    }

    fn take_out(&self, node: usize, is_out: bool) {
        if let Some(balancer) = &self.site.balancer {
            balancer.take_out(node, is_out);
        }
    }

    fn server(&mut self, node: usize) -> Result<&mut OwnServer> {
        let server = self.site.own.get_mut(node);
        server.context("the run has no server of its own")
    }

    /// Returns the server whose turn it is.
    fn next(&mut self) -> usize {
        self.turn += 1;
        self.turn % self.site.own.len().max(1)
    }

    fn told(&self, node: usize, state: ServerState) {
        self.tell(&format!("node {}", node + 1), state);
    }

    fn tell(&self, node: &str, state: ServerState) {
        let node = node.to_owned();
        let what = What::Server(Server { node, state });
        self.stage.history.record(None, &what);
    }
}

/// Runs a command of the shell, and waits for its end; what it starts may go on.
async fn shell(command: &str) -> Result<()> {
    // A file, since nobody sees the end of a pipe that an engine holds.
    let mut errors = tempfile::tempfile()?;
    let status = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors.try_clone()?)
        .status()
        .await?;
    if !status.success() {
        let mut told = String::new();
        errors.rewind()?;
        errors.read_to_string(&mut told)?;
        bail!("{command:?} failed ({status}): {}", told.trim());
    }
    Ok(())
}
