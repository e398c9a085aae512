//! A run from its beginning to its report.

mod bare;
mod crew;
mod direct;
mod group;
mod idle;
mod measuring;
mod own_server;
mod people;
mod plans;
mod process;
mod progress;
mod site;

use anyhow::Result;

use self::{progress::Progress, site::Site};
use super::{
    generator::raise_file_limit,
    options::{Options, Scenario},
    report::Report,
};

/// Does a run: starts what it needs, measures, and stops what it started.
///
/// Errors: what keeps the run from its end. That messages were lost, doubled or out of order is told in the report.
pub async fn run(scenario: &Scenario, options: &Options) -> Result<Report> {
    raise_file_limit()?;
    let progress = Progress::new();
    progress.say("the server starts");
    let site = Site::open(options).await?;
    let run = Run {
        site: &site,
        options,
        progress: &progress,
    };
    let report = match scenario {
        Scenario::Direct(settings) => direct::run(&run, settings).await,
        Scenario::Group(settings) => group::run(&run, settings).await,
        Scenario::Idle(settings) => idle::run(&run, settings).await,
    };
    progress.say("the server stops");
    site.close().await?;
    report
}

/// What every run works with.
struct Run<'a> {
    site: &'a Site,
    options: &'a Options,
    progress: &'a Progress,
}
