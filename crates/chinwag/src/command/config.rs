//! `chinwag config`

use anyhow::Result;
use chinwag_server::config::{self, Config};

/// Show what is configured and where it came from.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print a documented file with every key and its default instead.
    #[arg(long)]
    example: bool,
}

pub(super) fn run(arguments: &Arguments, config: &Config) -> Result<()> {
    let text = if arguments.example {
        config::example()
    } else {
        config::show(&config.settings)
    };
    print!("{text}");
    Ok(())
}
