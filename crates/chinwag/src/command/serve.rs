//! `chinwag serve`

use anyhow::{Result, anyhow};
use chinwag_server::{
    Server,
    config::{Config, TokenKeys},
    lifecycle, logging,
    wiring::Opening,
};

/// Run the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Start although acknowledged events are lost: clients take every chat anew.
    #[arg(long)]
    accept_loss: bool,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    logging::start(&config).map_err(|error| anyhow!(error))?;
    let stand_alone = config.auth.keys == TokenKeys::Own;
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let data_dir = config.data_dir.clone();
    let opening = Opening {
        accept_loss: arguments.accept_loss,
    };
    let server = Server::start_with(config, opening).await?;
    let address = server.local_addr();
    println!(
        "Chinwag {} serves on {scheme}://{address}, data in {}",
        env!("CARGO_PKG_VERSION"),
        data_dir.display()
    );
    if let Some(metrics) = server.metrics_addr() {
        println!("metrics on http://{metrics}/metrics");
    }
    println!("\n{}", next_steps(stand_alone));
    lifecycle::asked_to_leave().await?;
    println!("leaving…");
    server.shutdown().await;
    Ok(())
}

fn next_steps(stand_alone: bool) -> String {
    let mut steps = Vec::new();
    if stand_alone {
        steps.push(("make a user", "chinwag user add ana --password"));
    } else {
        steps.push(("a key for the app", "chinwag key add backend"));
        steps.push(("make a user", "chinwag user add ana"));
    }
    steps.push(("ask as that user", "chinwag token ana"));
    steps.push(("what is configured", "chinwag config"));
    steps.push(("stop", "Ctrl-C"));
    let lines = steps
        .iter()
        .map(|(what, how)| format!("  {what:<20}{how}\n"));
    lines.collect()
}
