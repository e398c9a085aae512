//! What a run is asked for, as it is said on a command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::line::Plant;
use crate::site::SiteOptions;

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
    /// Groups, beside a direct chat for each user; all are members of the first one.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub groups: u32,
    /// Changes a second, of all devices together: messages, edits, deletions, reactions, marks.
    #[arg(long, default_value_t = 100.0, value_parser = crate::bench::options::rate)]
    pub rate: f64,
    /// How long they chat, seconds.
    #[arg(long, default_value_t = 30.0, value_parser = crate::bench::options::seconds)]
    pub duration: f64,
    /// What goes wrong meanwhile; by default all of it, for a server that runs elsewhere `cut` and `delay`.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "FAULT,…")]
    pub faults: Option<Vec<Fault>>,
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
    /// Where to keep the history; by default it is kept only where a promise was broken.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fault {
    /// Half of all connections are cut.
    Cut,
    /// Every frame takes up to 0.2 s, for a while.
    Delay,
    /// The run's own server is killed (`kill -9`) and started again.
    Kill,
    /// The run's own server stands still for a while.
    Freeze,
    /// Nothing.
    None,
}

impl Options {
    /// Returns the faults of a run; those of a process only where it is the run's own.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let own = self.site.server.is_none();
        let all = [Fault::Cut, Fault::Delay, Fault::Kill, Fault::Freeze];
        let wanted = self.faults.clone().unwrap_or_else(|| all.to_vec());
        wanted
            .into_iter()
            .filter(|fault| match fault {
                Fault::Cut | Fault::Delay => true,
                Fault::Kill | Fault::Freeze => own,
                Fault::None => false,
            })
            .collect()
    }
}
