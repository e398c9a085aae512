//! `chinwag serve`

use std::io::IsTerminal as _;

use anyhow::{Result, anyhow};
use chinwag_server::{
    Server,
    config::{Config, TokenKeys},
    lifecycle, logging,
    wiring::Opening,
};

use crate::program;

/// Run the server.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Start although acknowledged events are lost: clients take every chat anew.
    #[arg(long)]
    accept_loss: bool,
    /// Write nothing: what is there can be read, and nothing can be sent.
    #[arg(long, conflicts_with = "accept_loss")]
    read_only: bool,
    /// What this node does, separated by commas; wins over node.roles.
    #[arg(long, value_name = "ROLES")]
    roles: Option<String>,
}

/// How much is said on standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    /// Where the server is and what to do next: for a person.
    All,
    /// Where the server is, in one line: for a script that started it.
    Address,
    /// Nothing: whoever wants JSON wants no line that is none.
    Nothing,
}

pub(super) async fn run(arguments: Arguments, config: Config) -> Result<()> {
    let config = match &arguments.roles {
        Some(roles) => config.with("node.roles", roles)?,
        None => config,
    };
    logging::start(&config).map_err(|error| anyhow!(error))?;
    let telling = telling(&config.log_format, std::io::stderr().is_terminal());
    let stand_alone = config.auth.keys == TokenKeys::Own;
    let data_dir = config.data_dir.clone();
    let roles = config.node.role_names().join(", ");
    let opening = Opening {
        accept_loss: arguments.accept_loss,
        read_only: arguments.read_only,
        ..Opening::default()
    };
    // From here on: whoever asks the moment the server says where it is must be heard.
    let asked_to_leave = lifecycle::asked_to_leave()?;
    tokio::pin!(asked_to_leave);
    let server = tokio::select! {
        server = Server::start_with(config, opening) => server?,
        () = &mut asked_to_leave => return Ok(()),
    };
    let url = server.url().map(str::to_owned);
    let address = server.local_addr().map(tracing::field::display);
    tracing::info!(url, address, roles, "serving");
    if telling != Telling::Nothing {
        let serves = match &url {
            Some(url) => format!("serves on {url}"),
            None => format!("serves other nodes ({roles})"),
        };
        println!(
            "Chinwag {} {serves}, data in {}",
            env!("CARGO_PKG_VERSION"),
            data_dir.display()
        );
        if let Some(metrics) = server.metrics_addr() {
            println!("metrics on http://{metrics}/metrics");
        }
    }
    if let Some(url) = url.filter(|_| telling == Telling::All) {
        let nobody = server.node().user_accounts().users(None, 1).await;
        let is_empty = nobody.is_ok_and(|users| users.is_empty());
        println!("\n{}", next_steps(stand_alone, is_empty, &url));
    }
    asked_to_leave.await;
    if telling == Telling::All {
        println!("leaving…");
    }
    server.shutdown().await;
    Ok(())
}

fn telling(log_format: &str, terminal: bool) -> Telling {
    match log_format {
        "json" => Telling::Nothing,
        "text" => Telling::All,
        _ if terminal => Telling::All,
        _ => Telling::Address,
    }
}

fn next_steps(stand_alone: bool, is_empty: bool, url: &str) -> String {
    let chinwag = program();
    let mut steps = Vec::new();
    let mut step = |what: &'static str, how: &str| steps.push((what, how.to_owned()));
    if is_empty {
        step("something to see", &format!("{chinwag} demo"));
    }
    step("chat, here", &format!("{chinwag} chat --as YOU"));
    if stand_alone {
        let add = format!("{chinwag} user add YOU --password");
        step("a user with a password", &add);
    } else {
        step("a key for the app", &format!("{chinwag} key add backend"));
    }
    step("a token for curl", &format!("{chinwag} token YOU"));
    step("what is configured", &format!("{chinwag} config"));
    step("HTTP, described", &format!("{url}/openapi.json"));
    step("the WebSocket, described", &format!("{url}/asyncapi.json"));
    step("stop", "Ctrl-C");
    let lines = steps
        .iter()
        .map(|(what, how)| format!("  {what:<26}{how}\n"));
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_told_all_a_script_the_address_and_a_collector_of_json_nothing() {
        assert_eq!(telling("auto", true), Telling::All);
        assert_eq!(telling("text", false), Telling::All);
        assert_eq!(telling("auto", false), Telling::Address);
        assert_eq!(telling("json", true), Telling::Nothing);
        assert_eq!(telling("json", false), Telling::Nothing);
    }

    #[test]
    fn the_demonstration_is_offered_to_an_empty_server_only() {
        assert!(next_steps(true, true, "http://x").contains(" demo\n"));
        assert!(!next_steps(true, false, "http://x").contains(" demo\n"));
    }
}
