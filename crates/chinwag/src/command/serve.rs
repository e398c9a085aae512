//! `chinwag serve`

use std::{io::IsTerminal as _, sync::Arc};

use anyhow::{Result, anyhow, bail};
use chinwag_core::SystemClock;
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
    /// Let the wall clock be off by so many milliseconds, to try what that does.
    #[arg(
        long,
        hide = true,
        default_value_t = 0,
        allow_hyphen_values = true,
        value_name = "MILLISECONDS"
    )]
    clock_off_by_ms: i64,
    /// Be killed as soon as the process with this number ends, which started this one.
    #[arg(long, hide = true, value_name = "PID")]
    with_parent: Option<i32>,
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
    if let Some(parent) = arguments.with_parent {
        end_with(parent)?;
    }
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
        clock: Arc::new(SystemClock::off_by(arguments.clock_off_by_ms)),
    };
    // From here on: whoever asks the moment the server says where it is must be heard.
    let asked_to_leave = lifecycle::asked_to_leave()?;
    tokio::pin!(asked_to_leave);
    let mut server = tokio::select! {
        server = Server::start_with(config.clone(), opening.clone()) => server?,
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
    loop {
        tokio::select! {
            () = &mut asked_to_leave => break,
            () = server.until_closed() => {}
        }
        tracing::warn!("this node stood still for too long, and others took over: it starts anew");
        let config = at_its_addresses(&config, &server)?;
        server.shutdown().await;
        server = tokio::select! {
            server = Server::start_with(config, opening.clone()) => server?,
            () = &mut asked_to_leave => return Ok(()),
        };
        tracing::info!("serving again");
    }
    if telling == Telling::All {
        println!("leaving…");
    }
    server.shutdown().await;
    Ok(())
}

/// Returns the configuration of a server that takes the place of another one: at the addresses that were found for it.
fn at_its_addresses(config: &Config, server: &Server) -> Result<Config> {
    let mut config = config.clone();
    let found = [
        ("listen", server.local_addr()),
        ("metrics.listen", server.metrics_addr()),
    ];
    for (name, address) in found {
        if let Some(address) = address {
            config = config.with(name, &address.to_string())?;
        }
    }
    Ok(config)
}

/// Lets this process be killed when the one that started it ends, however that ends.
#[cfg(target_os = "linux")]
fn end_with(parent: i32) -> Result<()> {
    use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // It may have ended before.
    if getppid().map(Pid::as_raw_nonzero).map(|pid| pid.get()) != Some(parent) {
        bail!("process {parent}, which started this one, has ended");
    }
    Ok(())
}

/// Elsewhere the system doesn't tell of it.
#[cfg(not(target_os = "linux"))]
fn end_with(_parent: i32) -> Result<()> {
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
