//! Checks a recorded history: `cargo run --release -p chinwag-load --example check_history -- FILE`
//!
//! Prints the report, and fails if a line can't be used or a promise was broken.

use std::fs::File;
use std::io::BufReader;
use std::process::ExitCode;

use anyhow::Context as _;
use chinwag_load::check::{check, read::Reader};

fn main() -> anyhow::Result<ExitCode> {
    let path = std::env::args_os()
        .nth(1)
        .context("name the file that holds the history")?;
    let report = check(Reader::new(BufReader::new(File::open(path)?)));
    print!("{report}");
    Ok(if report.passed() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
