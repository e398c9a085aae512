//! What goes wrong while a run goes on, and when.

mod happening;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use anyhow::Result;
use clap::ValueEnum as _;

use self::happening::Happening;
use super::{
    options::{Disturbance, Fault, Options},
    stage::Stage,
};
use crate::site::Site;

/// How often each fault happened, by its name.
pub(super) type Happened = BTreeMap<String, u64>;

/// For so long at most, and not for more than half of a run, servers are left alone: presence is judged then.
const PRESENCE: Duration = Duration::from_secs(60);

/// Something that goes wrong.
#[derive(Debug, Clone)]
enum Wrong {
    Fault(Fault),
    Engine(Disturbance),
}

/// When what goes wrong.
pub(super) struct Faults {
    wanted: Vec<Wrong>,
    every: Duration,
    /// For so long servers and engines are left alone: presence is judged meanwhile.
    pub(super) server_after: Duration,
}

impl Faults {
    /// Plans those of a run that takes so long.
    pub(super) fn of(options: &Options, site: &Site, time: Duration) -> Self {
        let mut wanted = Vec::new();
        for fault in options.faults() {
            match fault {
                Fault::Engines => wanted.extend(options.disturb.iter().cloned().map(Wrong::Engine)),
                // It was asked for only if it is allowed.
                Fault::Disk if site.own.iter().all(|server| server.disk().is_none()) => {}
                fault => wanted.push(Wrong::Fault(fault)),
            }
        }
        let server_after = match wanted.iter().any(Wrong::is_of_server) {
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
        site: &mut Site,
        seed: u64,
    ) -> Result<Happened> {
        let began = tokio::time::Instant::now();
        let mut happening = Happening::new(&stage, site, seed);
        let mut happened = Happened::new();
        loop {
            stage.pause(self.every).await;
            if !stage.goes_on() {
                return Ok(happened);
            }
            let may_be_of_server = began.elapsed() >= self.server_after;
            let wanted = self.wanted.iter();
            let allowed = wanted.filter(|wrong| may_be_of_server || !wrong.is_of_server());
            // Each has its turn: what happened least.
            let times = |wrong: &&Wrong| happened.get(&wrong.name()).copied().unwrap_or_default();
            let Some(wrong) = allowed.min_by_key(times) else {
                continue;
            };
            happening.happens(wrong).await?;
            *happened.entry(wrong.name()).or_default() += 1;
        }
    }
}

impl Wrong {
    fn is_of_server(&self) -> bool {
        !matches!(self, Self::Fault(Fault::Cut | Fault::Delay))
    }

    fn name(&self) -> String {
        match self {
            Self::Fault(fault) => fault
                .to_possible_value()
                .map_or_else(String::new, |value| value.get_name().to_owned()),
            Self::Engine(engine) => engine.name.clone(),
        }
    }
}
