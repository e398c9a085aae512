//! Logs to stderr, for people or as JSON. Tokens and message bodies are never handed to it.

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::Config;

/// Starts to log as configured; the first call in a process holds. Errors: `log.level` is no filter.
pub fn start(config: &Config) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(&config.log_level).map_err(|error| format!("log.level: {error}"))?;
    let terminal = std::io::stderr().is_terminal();
    let json = match config.log_format.as_str() {
        "json" => true,
        "text" => false,
        _ => !terminal,
    };
    let builder = fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(terminal);
    let started = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.try_init()
    };
    if let Err(error) = started {
        tracing::debug!(%error, "a log is kept already");
    }
    Ok(())
}
