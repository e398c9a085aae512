//! A terminal that hands over every key at once, until it is let go.

use std::io::{self, Write as _};

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize,
    tcsetattr,
};

/// Pastes come between brackets, so that a line break within one sends nothing.
const BRACKETS: &str = "\x1b[?2004h";
const NO_BRACKETS: &str = "\x1b[?2004l";

/// Holds the terminal; dropping it gives it back as it was.
#[derive(Debug)]
pub(crate) struct RawMode {
    before: Termios,
}

impl RawMode {
    /// Takes the terminal of standard input.
    pub(crate) fn enter() -> io::Result<Self> {
        let raw_mode = Self {
            before: tcgetattr(io::stdin())?,
        };
        raw_mode.take()?;
        Ok(raw_mode)
    }

    fn take(&self) -> io::Result<()> {
        let mut raw = self.before.clone();
        // Output stays as it is: a line feed still begins a line.
        raw.local_modes -=
            LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        raw.input_modes -= InputModes::ICRNL | InputModes::IXON;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        show(BRACKETS);
        Ok(())
    }

    /// Lets the person's shell go on, until it brings the program to the front again.
    pub(crate) fn suspend(&self) -> io::Result<()> {
        self.leave();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        self.take()
    }

    fn leave(&self) {
        show(NO_BRACKETS);
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Returns the terminal's columns and rows; the usual ones where it doesn't tell.
pub(crate) fn size() -> (usize, usize) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            (usize::from(size.ws_col), usize::from(size.ws_row))
        }
        _ => (80, 24),
    }
}

fn show(sequence: &str) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(sequence.as_bytes());
    let _ = stdout.flush();
}
