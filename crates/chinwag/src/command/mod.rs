//! The commands: one file each, with its arguments and what it does.

mod backup;
mod bench;
mod chat;
mod config;
mod demo;
mod doctor;
mod export;
mod import;
mod key;
mod migrate;
mod reindex;
mod restore;
mod serve;
mod token;
mod user;
mod verify;

use std::path::Path;

use anyhow::Result;
use chinwag_server::config::Config;
use clap::Subcommand;

pub(crate) use verify::NotKept;

/// A command. To add one: a file with `Arguments` and `run`, a line here and one in [`run`].
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the server.
    Serve(serve::Arguments),
    /// Chat at this terminal.
    Chat(chat::Arguments),
    /// Fill an empty server with a small made-up team, so that there is something to see.
    Demo(demo::Arguments),
    /// Add, list, disable and enable users, and set passwords.
    User(user::Arguments),
    /// Add, list and revoke API keys of the app's own backend.
    Key(key::Arguments),
    /// Sign a token for a user, or revoke all tokens of one.
    Token(token::Arguments),
    /// Bring in chats from elsewhere.
    Import(import::Arguments),
    /// Write everything that was said to standard output, as lines of JSON.
    Export(export::Arguments),
    /// Copy everything into one file, while the server runs.
    Backup(backup::Arguments),
    /// Put a backup into an empty data directory.
    Restore(restore::Arguments),
    /// Move everything from the embedded store to a cluster's.
    Migrate(migrate::Arguments),
    /// Show what is configured and where it came from.
    Config(config::Arguments),
    /// Rebuild the search index.
    Reindex(reindex::Arguments),
    /// Look at everything that is configured, and say what may go wrong and what to do.
    Doctor(doctor::Arguments),
    /// Measure a server under load, every message checked.
    Bench(bench::Arguments),
    /// Prove a server's promises: people chat over a line that fails, a checker decides.
    Verify(verify::Arguments),
}

/// Runs a command under the configuration of a file and the environment.
pub(crate) fn run(command: Command, file: Option<&Path>) -> Result<()> {
    let config = Config::load(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(async move {
        match command {
            Command::Serve(arguments) => serve::run(arguments, config).await,
            Command::Chat(arguments) => chat::run(arguments, config).await,
            Command::Demo(arguments) => demo::run(arguments, config).await,
            Command::User(arguments) => user::run(arguments, config).await,
            Command::Key(arguments) => key::run(arguments, config).await,
            Command::Token(arguments) => token::run(arguments, config).await,
            Command::Import(arguments) => import::run(arguments, config).await,
            Command::Export(arguments) => export::run(arguments, config).await,
            Command::Backup(arguments) => backup::run(arguments, config).await,
            Command::Restore(arguments) => restore::run(arguments, config).await,
            Command::Migrate(arguments) => migrate::run(arguments, config).await,
            Command::Config(arguments) => config::run(&arguments, &config),
            Command::Reindex(arguments) => reindex::run(arguments, config).await,
            Command::Doctor(arguments) => doctor::run(arguments, config).await,
            Command::Bench(arguments) => bench::run(arguments, file).await,
            Command::Verify(arguments) => verify::run(arguments, file, &config).await,
        }
    });
    // Not waited for: a read of standard input may be under way that nothing ends.
    runtime.shutdown_background();
    done
}
