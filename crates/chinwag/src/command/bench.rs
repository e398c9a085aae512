//! `chinwag bench`

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use chinwag_load::bench::{self, Options, Report, Scenario, generator};
use clap::Subcommand;

/// Measure a server under load, every message and every answer checked.
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
    /// Do the runs that a file names, one after another: [[run]] tables with `scenario` and that one's options.
    Run {
        /// The file, TOML.
        file: PathBuf,
    },
    /// Make the load that standard input describes; what a run starts.
    #[command(hide = true)]
    Generator,
}

/// The file is for the server that a run starts; the run itself needs no configuration.
pub(super) async fn run(arguments: Arguments, config: Option<&Path>) -> Result<()> {
    let (scenarios, is_file) = match arguments.action {
        Action::Generator => return tokio::task::block_in_place(generator::run),
        Action::Scenario(scenario) => (vec![scenario], false),
        Action::Run { file } => (bench::read_file(&file)?, true),
    };
    let mut options = arguments.options;
    options.site.config = config.map(std::path::absolute).transpose()?;
    let mut reports = Vec::new();
    for scenario in &scenarios {
        let report = bench::run(scenario, &options).await?;
        if !options.json {
            print!("{report}");
        }
        reports.push(report);
    }
    if options.json {
        println!("{}", json(&reports, is_file)?);
    }
    if let Some(path) = &options.html {
        let written = std::fs::write(path, bench::page(&reports));
        written.with_context(|| format!("can't write {}", path.display()))?;
    }
    if reports.iter().any(|report| report.figures.is_none()) {
        bail!("a run failed its check");
    }
    Ok(())
}

/// One run is an object, those of a file are a list, however many they are.
fn json(reports: &[Report], is_file: bool) -> Result<String> {
    Ok(match reports {
        [report] if !is_file => serde_json::to_string_pretty(report)?,
        reports => serde_json::to_string_pretty(reports)?,
    })
}
