//! A run from its beginning to its report.

mod asking;
mod bare;
mod crew;
mod direct;
mod figures;
mod group;
mod hostile;
mod idle;
mod kernel;
mod measured;
mod measuring;
mod mixed;
mod people;
mod plans;
mod process;
mod progress;
mod session;

use anyhow::Result;

use self::{
    asking::{history, search, storm},
    measured::Measured,
    progress::Progress,
};
use super::{
    options::{Options, Scenario},
    report::{Kernel, Report},
};
use crate::site::Own;

/// Does a run: starts what it needs, measures, and stops what it started.
///
/// Errors: what keeps the run from its end. That messages were lost, doubled or out of order, or answers wrong, is told
/// in the report.
pub async fn run(scenario: &Scenario, options: &Options) -> Result<Report> {
    crate::open_files::allow_all()?;
    let progress = Progress::new();
    progress.say("the server starts");
    let server = Measured::open(options, own(scenario)).await?;
    let run = Run {
        server: &server,
        options,
        progress: &progress,
        kernel: kernel::read().ok(),
    };
    let report = match scenario {
        Scenario::Direct(settings) => direct::run(&run, settings).await,
        Scenario::Group(settings) => group::run(&run, settings).await,
        Scenario::Idle(settings) => idle::run(&run, settings).await,
        Scenario::History(settings) => history::run(&run, settings).await,
        Scenario::Search(settings) => search::run(&run, settings).await,
        Scenario::Storm(settings) => storm::run(&run, settings).await,
        Scenario::Mixed(settings) => mixed::run(&run, settings).await,
        Scenario::Hostile(settings) => hostile::run(&run, settings).await,
    };
    progress.say("the server stops");
    server.close().await?;
    report
}

/// Returns what a server of the run's own is to be. Most runs measure it without its rates; where some disturb others,
/// those are what keeps them apart.
fn own(scenario: &Scenario) -> Own<'static> {
    match scenario {
        Scenario::Hostile(_) => Own {
            settings: &[("CHINWAG_LIMITS_RATES", "on")],
            ..Own::ONE
        },
        _ => Own::ONE,
    }
}

/// What every run works with.
struct Run<'a> {
    server: &'a Measured,
    options: &'a Options,
    progress: &'a Progress,
    /// What the kernel's sockets took before the run; none where it doesn't say.
    kernel: Option<Kernel>,
}
