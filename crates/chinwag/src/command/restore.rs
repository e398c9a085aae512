//! `chinwag restore`

use std::path::PathBuf;

use anyhow::Result;
use chinwag_server::{config::Config, transfer};
use indicatif::HumanCount;

use crate::transfer::progress::Progress;

/// Put a backup into an empty data directory.
///
/// The file is checked as a whole before anything is written. Clients take every chat anew, everybody signs in again,
/// and the search index is built when the server starts. What was revoked, disabled or deleted after the backup was
/// made is as it was before.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The file that `chinwag backup` made.
    file: PathBuf,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let progress = Progress::of_bytes(None);
    let restored = transfer::restore(&config, &arguments.file, |rows| {
        progress.say(format!("{} rows", HumanCount(rows)));
    })
    .await;
    progress.end();
    let restored = restored?;
    println!(
        "{} holds everything as it was at {}",
        config.data_dir.display(),
        restored.header.made_at
    );
    println!("everybody signs in again: the key that tokens are signed with is not in a backup");
    Ok(())
}
