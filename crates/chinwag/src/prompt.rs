//! Asks a person at the terminal.

use std::io::{self, IsTerminal as _, Read as _, Write as _};

use anyhow::{Result, bail};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

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

/// Asks for a password without showing it; reads one line where standard input is no terminal.
pub(crate) fn password(question: &str) -> Result<String> {
    if io::stdin().is_terminal() {
        hidden(question)
    } else {
        read_line()
    }
}

/// Asks a question whose answer is yes or no; no, where standard input is no terminal.
pub(crate) fn confirm(question: &str, usual: bool) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    eprint!("{question} [{}] ", if usual { "Y/n" } else { "y/N" });
    io::stderr().flush()?;
    Ok(match read_line()?.trim().to_lowercase().as_str() {
        "" => usual,
        answer => matches!(answer, "y" | "yes"),
    })
}

fn hidden(question: &str) -> Result<String> {
    eprint!("{question}");
    io::stderr().flush()?;
    let line = Quiet::begin().and_then(|_quiet| read_hidden());
    eprintln!();
    match line? {
        Some(line) => Ok(line),
        None => bail!("interrupted"),
    }
}

/// Reads a line byte by byte; nothing where it was interrupted.
fn read_hidden() -> io::Result<Option<String>> {
    const INTERRUPT: u8 = 3;
    let mut bytes = Vec::new();
    let mut stdin = io::stdin().lock();
    loop {
        let mut byte = [0];
        match stdin.read(&mut byte)? {
            0 => break,
            _ if byte[0] == INTERRUPT => return Ok(None),
            _ if byte[0] == b'\n' => break,
            _ => bytes.push(byte[0]),
        }
    }
    if bytes.last() == Some(&b'\r') {
        bytes.pop();
    }
    let invalid = |_| io::Error::new(io::ErrorKind::InvalidData, "a password is UTF-8");
    String::from_utf8(bytes).map(Some).map_err(invalid)
}

/// A terminal that shows nothing of what is typed; dropping it gives it back as it was.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        // Without ISIG too: an interrupt must not leave a terminal behind that shows nothing.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ISIG;
        // Ctrl-C alone is as good as a line.
        quiet.special_codes[rustix::termios::SpecialCodeIndex::VEOL] = 3;
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.0);
    }
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
