//! `chinwag verify`

use std::path::Path;

use anyhow::Result;
use chinwag_load::verify::{self, Options, Verdict};

/// Prove a server's promises: people chat over a line that fails, everything is recorded, a checker decides.
///
/// Without --server a server of its own is started on a new directory, killed and frozen meanwhile. Ends with 0 where
/// every promise was kept, with 3 where one was broken or too little was looked at, with 1 where the run came to no end.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// A run that proves nothing good; its report is on standard output.
#[derive(Debug)]
pub(crate) struct NotKept(Verdict);

impl std::fmt::Display for NotKept {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self.0 {
            Verdict::Unproven => "the run proves nothing",
            _ => "a promise was broken",
        })
    }
}

impl std::error::Error for NotKept {}

/// The file is for the server that a run starts; the run itself needs no configuration.
pub(super) async fn run(arguments: Arguments, config: Option<&Path>) -> Result<()> {
    let mut options = arguments.options;
    options.site.config = config.map(Path::to_owned);
    let report = verify::run(&options).await?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    match report.verdict {
        Verdict::Kept => Ok(()),
        verdict => Err(NotKept(verdict).into()),
    }
}
