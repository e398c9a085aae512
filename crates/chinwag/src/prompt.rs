//! Asks a person at the terminal.

use std::{
    io::{self, IsTerminal as _, Write as _},
    process::Command,
};

use anyhow::{Result, bail};

/// Asks for a new password twice without showing it; reads one line where standard input is no terminal.
pub(crate) fn new_password() -> Result<String> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let first = hidden("password: ")?;
    if hidden("again: ")? != first {
        bail!("the two differ");
    }
    Ok(first)
}

fn hidden(question: &str) -> Result<String> {
    eprint!("{question}");
    io::stderr().flush()?;
    let echo = |how: &str| Command::new("stty").arg(how).status();
    let quiet = echo("-echo").is_ok_and(|status| status.success());
    let line = read_line();
    if quiet {
        let _ = echo("echo");
    }
    eprintln!();
    line
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
