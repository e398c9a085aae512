//! The binary, as a person runs it.

use std::process::{Command, Output};

/// Runs a command with nothing of this process's environment that the server would take for its own.
pub(crate) fn chinwag(command: &str, arguments: &[&str]) -> Output {
    let mut chinwag = Command::new(env!("CARGO_BIN_EXE_chinwag"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHINWAG_") {
            chinwag.env_remove(name);
        }
    }
    chinwag.arg(command).args(arguments).output().unwrap()
}
