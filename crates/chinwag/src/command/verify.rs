//! `chinwag verify`

use std::path::Path;

use anyhow::{Result, bail};
use chinwag_load::{
    site::Shared,
    verify::{self, Options, Verdict},
};
use chinwag_server::{
    config::{Config, SearchEngine, StoreEngine},
    lifecycle,
};

/// Prove a server's promises: people chat over a line that fails, everything is recorded, a checker decides.
///
/// Without --server a server of its own is started on a new directory, killed and frozen meanwhile; with --nodes several,
/// on the engines that --config names. Ends with 0 where
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

/// The configuration and its file are for the servers that a run starts; the run itself needs none.
pub(super) async fn run(arguments: Arguments, file: Option<&Path>, config: &Config) -> Result<()> {
    let mut options = arguments.options;
    options.site.config = file.map(std::path::absolute).transpose()?;
    options.site.shared = Shared {
        store: config.engines.store == StoreEngine::Cassandra,
        index: config.engines.search == SearchEngine::OpenSearch,
    };
    let asked_to_leave = lifecycle::asked_to_leave()?;
    let report = tokio::select! {
        report = verify::run(&options) => report?,
        // Its servers and directories go with it.
        () = asked_to_leave => bail!("ended before it was over"),
    };
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
