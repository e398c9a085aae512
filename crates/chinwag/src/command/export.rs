//! `chinwag export`

use std::io::{self, Write as _};

use anyhow::{Context as _, Result};
use chinwag_server::{config::Config, transfer::MESSAGES_HEADER};

use crate::{operator::Operator, transfer::progress::Progress};

/// Write everything that was said to standard output, as lines of JSON.
///
/// All of it as it was at one moment, while the server runs; where several nodes share a Cassandra, each chat as it is
/// when its turn comes. `chinwag import` takes it; docs/import-format.md
/// describes the format.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {}

pub(super) async fn run(_: Arguments, config: Config) -> Result<()> {
    let operator = Operator::connect(&config).await?;
    let done = export(&operator).await;
    operator.close().await;
    match done {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        done => done,
    }
}

async fn export(operator: &Operator) -> Result<()> {
    let mut response = operator.open("/control/export").await?;
    let messages = response.headers().get(MESSAGES_HEADER);
    let messages = messages.and_then(|count| count.to_str().ok()?.parse().ok());
    let mut progress = Progress::of_lines(messages);
    let mut out = io::stdout().lock();
    let mut lines = 0;
    while let Some(chunk) = response.chunk().await.context(CUT)? {
        out.write_all(&chunk)?;
        lines += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
        progress.at(lines, lines);
    }
    out.flush()?;
    eprintln!("{} lines: {}", indicatif::HumanCount(lines), progress.end());
    Ok(())
}

const CUT: &str = "the server has gone: what was written is not everything";

/// Returns whether who read the lines wants no more, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
