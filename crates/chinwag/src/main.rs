//! Chinwag at a terminal: the server, and every command for a person.

mod chat;
mod command;
mod operator;
mod prompt;
mod transfer;

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How `verify` ends where a promise was broken, told apart from a run that came to no end.
const NOT_KEPT: u8 = 3;

/// Chat for teams, in one program.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
struct Arguments {
    /// The configuration file; ./chinwag.toml where none is named and it is there.
    #[arg(long, global = true, value_name = "FILE", env = "CHINWAG_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: command::Command,
}

fn main() -> ExitCode {
    chinwag_server::tls::choose_provider();
    let arguments = Arguments::parse();
    match command::run(arguments.command, arguments.config.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chinwag: {error:#}");
            match error.downcast_ref::<command::NotKept>() {
                Some(_) => ExitCode::from(NOT_KEPT),
                None => ExitCode::FAILURE,
            }
        }
    }
}

/// Returns the program as the person called it, so that what is told to be typed works where they are.
pub(crate) fn program() -> String {
    let called = std::env::args().next();
    called.unwrap_or_else(|| "chinwag".into())
}
