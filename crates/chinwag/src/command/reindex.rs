//! `chinwag reindex`

use std::{io::IsTerminal as _, time::Duration};

use anyhow::{Result, bail};
use chinwag_server::{config::Config, indexer::Report};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reqwest::Method;

use crate::operator::Operator;

/// How often the server is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(100);
/// How often a line is printed where no bar can be drawn.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Rebuild the search index from the messages.
///
/// With a server running, search goes on meanwhile with the index that there is, and the rebuild goes on when this
/// command is stopped.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(super) async fn run(_: Arguments, config: Config) -> Result<()> {
    let operator = Operator::connect(&config).await?;
    let rebuilt = rebuild(&operator).await;
    operator.close().await;
    println!("the search index is rebuilt: {} messages", rebuilt?);
    Ok(())
}

async fn rebuild(operator: &Operator) -> Result<u64> {
    let path = "/control/reindex";
    let mut report: Report = operator.send(Method::POST, path, &()).await?;
    let mut progress = Progress::new();
    while report.running {
        progress.show(&report);
        tokio::time::sleep(ASKED_EVERY).await;
        report = operator.get(path).await?;
    }
    progress.end();
    match report.failed {
        Some(failed) => bail!("the search index isn't rebuilt, and is as it was: {failed}"),
        None => Ok(report.messages),
    }
}

/// Shows on stderr how far it is: a bar on a terminal, else a line now and then.
struct Progress {
    bar: ProgressBar,
    told_at: Option<tokio::time::Instant>,
}

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
        let style = "{bar:30} {human_pos} of {human_len} messages, {per_sec}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        Self { bar, told_at: None }
    }

    fn show(&mut self, report: &Report) {
        if std::io::stderr().is_terminal() {
            // Messages that came meanwhile count too.
            self.bar.set_length(report.of.max(report.messages));
            self.bar.set_position(report.messages);
            return;
        }
        if self
            .told_at
            .is_none_or(|told_at| told_at.elapsed() >= TOLD_EVERY)
        {
            self.told_at = Some(tokio::time::Instant::now());
            eprintln!("{} of {} messages", report.messages, report.of);
        }
    }

    fn end(&self) {
        self.bar.finish_and_clear();
    }
}
