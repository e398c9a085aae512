//! The whole cluster in one thread: three nodes over engines in memory, some fifty clients, a time of its own that
//! passes as fast as the processor allows, and much that goes wrong. A seed decides all of it and repeats it.
//!
//! What clients did and saw is judged by the checker of `chinwag-load`, as a real run's is.

mod chance;
mod cluster;
mod doors;
mod engines;
mod machine;
mod plant;
mod play;
mod queue;
mod seeds;
mod time;
mod wrong;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Result;
use clap::Parser;

use plant::Plant;

/// The server's own: much of a seed's time goes into small pieces of memory.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Plays seeds, each in a process of its own, and tells which broke a promise.
#[derive(Parser)]
struct Arguments {
    /// The seeds: one, or FROM..TO (without TO).
    #[arg(default_value = "0..500")]
    seeds: seeds::Range,
    /// A fault that is planted, to see that it is found: ends with the first seed that finds it.
    #[arg(long, value_enum)]
    plant: Option<Plant>,
    /// How many are played at a time; by default one for each processor.
    #[arg(long)]
    at_a_time: Option<usize>,
    /// Where the history of a single seed is kept.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Play a single seed in this very process.
    #[arg(long, hide = true)]
    here: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.here {
        return seeds::play_here(&arguments.seeds, arguments.plant, arguments.history);
    }
    let at_a_time = arguments.at_a_time;
    seeds::play_all(
        &arguments.seeds,
        arguments.plant,
        arguments.history,
        at_a_time,
    )
}
