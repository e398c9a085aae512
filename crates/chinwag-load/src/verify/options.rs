//! What a run is asked for, as it is said on a command line.

use std::{path::PathBuf, str::FromStr};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::line::Plant;
use crate::{
    check::Settings,
    site::{OwnDisk, SiteOptions},
};

/// Changes that the smallest disk holds with what the server keeps free; each takes a kilobyte or two with its index.
const DISK_HOLDS: f64 = 100_000.0;
/// What goes wrong where nothing is said, if it can.
const FAULTS: [Fault; 8] = [
    Fault::Cut,
    Fault::Delay,
    Fault::Kill,
    Fault::Freeze,
    Fault::Disk,
    Fault::Clock,
    Fault::Restart,
    Fault::Engines,
];

/// A run.
#[derive(Debug, Clone, Args, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// Which server.
    #[command(flatten)]
    #[serde(skip)]
    pub site: SiteOptions,
    /// Users who chat; a few more come and go where others see them.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(4..=900))]
    pub users: u32,
    /// Devices that a user has, at most.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    pub devices: u32,
    /// Groups, beside two direct chats for each user; all are members of the first one. Without any nobody talks but in
    /// direct chats, so that most messages pass in a second.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub groups: u32,
    /// Changes a second, of all devices together: messages, edits, deletions, reactions, marks.
    #[arg(long, default_value_t = 100.0, value_parser = crate::bench::options::rate)]
    pub rate: f64,
    /// How long they chat, seconds.
    #[arg(long, default_value_t = 30.0, value_parser = crate::bench::options::seconds)]
    pub duration: f64,
    /// End before, once so many messages were acknowledged.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub messages: Option<u64>,
    /// Nodes of the run's own, on the engines that --config names; one is a server of its own as well.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=9), conflicts_with = "server")]
    pub nodes: u32,
    /// What goes wrong meanwhile; by default all that can, for a server that runs elsewhere `cut` and `delay`.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAULT,…")]
    pub faults: Option<Vec<Fault>>,
    /// An engine that is stopped and started again, by two commands of the shell: NAME=STOP;START. Given once for each.
    #[arg(long, value_name = "NAME=STOP;START")]
    pub disturb: Vec<Disturbance>,
    /// How large the disk of the run's own server is that is filled, MiB; it is in memory.
    #[arg(long, default_value_t = 1_024, value_name = "MIB", value_parser = clap::value_parser!(u32).range(512..))]
    pub disk: u32,
    /// How long it is from one fault to the next, seconds.
    #[arg(long, default_value_t = 3.0, value_parser = crate::bench::options::seconds)]
    pub fault_every: f64,
    /// How long anything may take that must come: answers, the end's repairs, each read at the end, seconds.
    #[arg(long, default_value_t = 60.0, value_parser = crate::bench::options::seconds)]
    pub patience: f64,
    /// What chance decides by: who says what, where and when.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Let the wire break a promise in the server's name, to see that it is found.
    #[arg(long, value_enum, value_name = "BREACH")]
    pub plant: Option<Plant>,
    /// Where to keep the history, compressed where the name ends in `.gz`; by default it is kept only where a promise was
    /// broken.
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub history: Option<PathBuf>,
    /// Check a history that was kept, and do nothing else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["server", "history", "plant", "faults"])]
    #[serde(skip)]
    pub check: Option<PathBuf>,
    /// Print the result as JSON.
    #[arg(long)]
    #[serde(skip)]
    pub json: bool,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// Half of all connections are cut.
    Cut,
    /// Every frame takes up to 0.2 s, for a while.
    Delay,
    /// A server of the run's own is killed (`kill -9`) and started again.
    Kill,
    /// A server of the run's own stands still for a while.
    Freeze,
    /// The run's own servers leave in order and are started again, one after another.
    Restart,
    /// A server of the run's own is started with a clock that is wrong by up to 5 minutes, and later with the right one.
    Clock,
    /// The disk of the run's own server is full for a while; only root may do that.
    Disk,
    /// Each engine that --disturb names is stopped and started again.
    Engines,
    /// Nothing.
    None,
}

/// How an engine is stopped and started again.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Disturbance {
    /// The engine's name, as the report tells it.
    pub name: String,
    /// What stops it.
    pub stop: String,
    /// What starts it again.
    pub start: String,
}

impl FromStr for Disturbance {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(name, commands)| {
            let (stop, start) = commands.split_once(';')?;
            Some((name.trim(), stop.trim(), start.trim()))
        });
        match parts {
            Some((name, stop, start)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                stop: stop.to_owned(),
                start: start.to_owned(),
            }),
            _ => Err("NAME=STOP;START, such as \"redis=redis-cli shutdown;redis-server --daemonize yes\"".into()),
        }
    }
}

impl Options {
    /// Returns the faults of a run; those of a process only where it is the run's own.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let wanted = self.faults.clone().unwrap_or_else(|| FAULTS.to_vec());
        wanted
            .into_iter()
            .filter(|fault| self.can(*fault))
            .collect()
    }

    /// Returns whether the only server of the run's own gets a disk that can be filled.
    pub(super) fn own_disk(&self) -> OwnDisk {
        match &self.faults {
            Some(faults) if faults.contains(&Fault::Disk) => OwnDisk::Must(self.disk),
            None if self.can(Fault::Disk) && self.fits_into_memory() => {
                OwnDisk::IfAllowed(self.disk)
            }
            _ => OwnDisk::No,
        }
    }

    /// Returns the times that are promised: those of one server only where it is known to be one.
    pub(super) fn promised(&self) -> Settings {
        let is_one = self.nodes == 1 && self.site.server.is_none() && self.check.is_none();
        match is_one {
            true => Settings::default(),
            false => Settings::of_nodes(),
        }
    }

    /// Returns whether a small disk holds what the run writes, and no other one was asked for.
    fn fits_into_memory(&self) -> bool {
        self.site.store_in.is_none() && self.rate * self.duration <= DISK_HOLDS
    }

    fn can(&self, fault: Fault) -> bool {
        let own = self.site.server.is_none();
        match fault {
            Fault::Cut | Fault::Delay => true,
            Fault::Kill | Fault::Freeze | Fault::Restart | Fault::Clock => own,
            // Several nodes keep nothing that matters on a disk of theirs.
            Fault::Disk => own && self.nodes == 1,
            Fault::Engines => !self.disturb.is_empty(),
            Fault::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disturbance_is_a_name_and_two_commands() {
        let redis: Disturbance = "redis=kill -9 $(cat pid);redis-server --port=1; true"
            .parse()
            .unwrap();
        assert_eq!(redis.name, "redis");
        assert_eq!(redis.stop, "kill -9 $(cat pid)");
        assert_eq!(redis.start, "redis-server --port=1; true");
        for wrong in ["redis", "redis=stop", "=stop;start"] {
            assert!(wrong.parse::<Disturbance>().is_err(), "{wrong}");
        }
    }
}
