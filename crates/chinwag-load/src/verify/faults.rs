//! What goes wrong while a run goes on.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Result;
use rand::{SeedableRng as _, rngs::StdRng};

use super::{
    options::{Fault, Options},
    stage::Stage,
};
use crate::{
    check::history::{Server, ServerState, What},
    site::OwnServer,
};

/// How long a frame takes at most while the line is slow.
const DELAY: Duration = Duration::from_millis(200);
/// How long the line is slow.
const SLOW: Duration = Duration::from_secs(1);
/// How long a server stands still.
const FROZEN: Duration = Duration::from_millis(1_500);

/// How often each fault happened.
pub(super) type Happened = BTreeMap<Fault, u64>;

/// For so long at most, and not for more than half of a run, the server is left alone: presence is judged then.
const PRESENCE: Duration = Duration::from_secs(60);

/// When what goes wrong.
pub(super) struct Faults {
    wanted: Vec<Fault>,
    every: Duration,
    /// For so long the server's process is left alone: presence is judged meanwhile.
    pub(super) server_after: Duration,
}

impl Faults {
    /// Plans those of a run that takes so long.
    pub(super) fn of(options: &Options, time: Duration) -> Self {
        let wanted = options.faults();
        let server_after = match wanted.iter().any(|fault| fault.is_of_server()) {
            true => PRESENCE.min(time / 2),
            false => time,
        };
        Self {
            wanted,
            every: Duration::from_secs_f64(options.fault_every),
            server_after,
        }
    }

    /// Lets one thing after another go wrong until the run ends; answers what did.
    pub(super) async fn happen(
        self,
        stage: Arc<Stage>,
        mut server: Option<&mut OwnServer>,
        seed: u64,
    ) -> Result<Happened> {
        let mut random = StdRng::seed_from_u64(seed);
        let began = tokio::time::Instant::now();
        let mut happened = Happened::new();
        loop {
            stage.pause(self.every).await;
            if !stage.goes_on() {
                return Ok(happened);
            }
            let allowed = self
                .wanted
                .iter()
                .filter(|fault| began.elapsed() >= self.server_after || !fault.is_of_server());
            // Each has its turn: what happened least.
            let times = |fault: &&Fault| happened.get(*fault).copied().unwrap_or_default();
            let Some(fault) = allowed.min_by_key(times).copied() else {
                continue;
            };
            match (fault, server.as_deref_mut()) {
                (Fault::Cut, _) => {
                    stage.line.cut_half(&mut random);
                }
                (Fault::Delay, _) => {
                    stage.line.delay(DELAY);
                    stage.pause(SLOW).await;
                    stage.line.delay(Duration::ZERO);
                }
                (Fault::Kill, Some(server)) => {
                    told(&stage, ServerState::Killed);
                    server.kill().await?;
                    server.start_again().await?;
                    told(&stage, ServerState::Started);
                }
                (Fault::Freeze, Some(server)) => {
                    told(&stage, ServerState::Killed);
                    server.freeze()?;
                    tokio::time::sleep(FROZEN).await;
                    server.thaw()?;
                    told(&stage, ServerState::Started);
                }
                (Fault::Kill | Fault::Freeze | Fault::None, _) => continue,
            }
            *happened.entry(fault).or_default() += 1;
        }
    }
}

impl Fault {
    fn is_of_server(self) -> bool {
        matches!(self, Self::Kill | Self::Freeze)
    }
}

fn told(stage: &Stage, state: ServerState) {
    let node = "one".into();
    stage
        .history
        .record(None, &What::Server(Server { node, state }));
}
