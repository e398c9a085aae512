//! `chinwag bench`

use std::path::Path;

use anyhow::{Result, bail};
use chinwag_load::bench::{self, Options, Scenario, generator};
use clap::Subcommand;

/// Measure a server under load, every message checked.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Subcommand)]
enum Action {
    #[command(flatten)]
    Scenario(Scenario),
    /// Make the load that standard input describes; what a run starts.
    #[command(hide = true)]
    Generator,
}

/// The file is for the server that a run starts; the run itself needs no configuration.
pub(super) async fn run(arguments: Arguments, config: Option<&Path>) -> Result<()> {
    let scenario = match arguments.action {
        Action::Generator => return tokio::task::block_in_place(generator::run),
        Action::Scenario(scenario) => scenario,
    };
    let options = Options {
        config: config.map(Path::to_owned),
        ..arguments.options
    };
    let report = bench::run(&scenario, &options).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    if report.figures.is_none() {
        bail!("the run failed its check");
    }
    Ok(())
}
