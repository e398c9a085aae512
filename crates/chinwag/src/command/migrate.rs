//! `chinwag migrate`

use anyhow::{Result, bail};
use chinwag_server::{
    config::{Config, Engines, StoreEngine},
    transfer::report::{MigrationReport, Moved},
};
use indicatif::HumanCount;
use reqwest::Body;

use crate::{
    operator::Operator,
    program,
    transfer::{progress::Progress, reports::Reports},
};

/// Move everything from the embedded store to a cluster's.
///
/// The configuration is the cluster's; what is moved is the embedded store in its `data_dir`, which nobody may write to
/// meanwhile: no server runs, or one that was started with `chinwag serve --read-only`, so that all can be read while
/// it is moved. Stopped and run again it goes on where it was. At the end both sides are read and compared.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Where everything is.
    #[arg(long, value_enum)]
    from: From,
    /// Where everything goes: an empty keyspace.
    #[arg(long, value_enum)]
    to: To,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum From {
    /// The embedded store in the data directory.
    Embedded,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum To {
    /// The Cassandra of the configuration.
    Cluster,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let (From::Embedded, To::Cluster) = (arguments.from, arguments.to);
    if config.engines.store != StoreEngine::Cassandra {
        bail!(
            "the configuration names no cluster to move to: pass the one of its nodes by --config, with engines.store = \
             \"cassandra\""
        );
    }
    let mut target = config.cassandra.clone();
    if let Some(tls) = &mut target.tls {
        // The server that reads it may run elsewhere.
        tls.authorities = std::path::absolute(&tls.authorities)?;
    }
    let source = Config {
        engines: Engines::EMBEDDED,
        ..config
    };
    let operator = Operator::connect_to_read(&source).await?;
    let body = Body::from(serde_json::to_vec(&target)?);
    let done = migrate(&operator, body).await;
    operator.close().await;
    let moved = done?;
    println!(
        "both sides hold the same: {} users, {} chats, {} events",
        HumanCount(moved.users),
        HumanCount(moved.chats),
        HumanCount(moved.events)
    );
    println!(
        "next, on each node of the cluster: {} serve --config FILE",
        program()
    );
    println!("and once, for search: {} reindex --config FILE", program());
    Ok(())
}

async fn migrate(operator: &Operator, body: Body) -> Result<Moved> {
    let mut reports = Reports::of(operator.stream("/control/migrate", body).await?);
    let mut progress: Option<Progress> = None;
    let ended = loop {
        let Some(report) = reports.next().await? else {
            bail!("the server has gone: run the same command again, and it goes on");
        };
        let (moved, what) = match report {
            MigrationReport::Copied(moved) => (moved, "copied"),
            MigrationReport::Compared(moved) => (moved, "compared"),
            end => break end,
        };
        progress
            .get_or_insert_with(|| Progress::of_moving(moved.of_events))
            .at_moved(moved.events, what, moved.users, moved.chats);
    };
    if let Some(progress) = progress {
        progress.end();
    }
    match ended {
        MigrationReport::Done(moved) => Ok(moved),
        MigrationReport::Failed(why) => {
            bail!("not everything is moved: {why}. Run the same command again, and it goes on")
        }
        _ => bail!("the server is leaving: run the same command again, and it goes on"),
    }
}
