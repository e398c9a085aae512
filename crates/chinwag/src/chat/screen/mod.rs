//! Where lines come from and go to: a terminal with a status and a line editor, or pipes.
//!
//! No library of line editing lets a status change beside the line that is being written (rustyline's prompt stands
//! still while it reads), so what is needed of one is here, on `rustix` alone: keys, an editor, a few escape sequences.

mod complete;
mod editor;
mod keys;
mod plain;
mod raw;
mod terminal;

use std::io::IsTerminal as _;

use anyhow::Result;
use jiff::tz::TimeZone;

use super::{look::Look, paint::Paint};

pub(crate) use complete::Vocabulary;

/// What a person does, or a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A line is done.
    Line(String),
    /// A text is being written.
    Writing,
    /// Older messages are wanted.
    Older,
    /// What is under way is to stop.
    Interrupt,
    /// No more comes.
    End,
}

/// What stands below the messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Status {
    /// What waits to be sent.
    pub(crate) waiting: Vec<String>,
    /// Where one is and who is there.
    pub(crate) left: String,
    /// What is new elsewhere.
    pub(crate) right: String,
    /// Whether something is wrong.
    pub(crate) warning: bool,
    /// Before the line that is written.
    pub(crate) prompt: String,
}

/// Where lines come from and go to.
pub(crate) enum Screen {
    /// A person at a terminal.
    Terminal(Box<terminal::Terminal>),
    /// A script.
    Plain(plain::Plain, Look),
}

impl Screen {
    /// Takes the terminal where standard input and output are one that can move its cursor; else, or where lines are
    /// asked for, pipes.
    pub(crate) fn open(plain: bool) -> Result<Self> {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
        if plain || dumb || !terminal {
            return Ok(Self::Plain(plain::Plain::open(), Look::plain()));
        }
        let look = Look {
            paint: Paint::of_environment(),
            columns: None,
            zone: TimeZone::system(),
        };
        Ok(Self::Terminal(Box::new(terminal::Terminal::open(look)?)))
    }

    /// Returns how things look here.
    pub(crate) fn look(&self) -> &Look {
        match self {
            Self::Terminal(terminal) => terminal.look(),
            Self::Plain(_, look) => look,
        }
    }

    /// Writes lines.
    pub(crate) fn print(&mut self, lines: &[String]) {
        match self {
            Self::Terminal(terminal) => terminal.print(lines),
            Self::Plain(..) => plain::print(lines),
        }
    }

    /// Shows how things stand; a script reads lines alone.
    pub(crate) fn show(&mut self, status: impl FnOnce(&Look) -> Status) {
        if let Self::Terminal(terminal) = self {
            let status = status(terminal.look());
            terminal.show(status);
        }
    }

    /// Says what Tab completes.
    pub(crate) fn know(&mut self, vocabulary: impl FnOnce() -> Vocabulary) {
        if let Self::Terminal(terminal) = self {
            terminal.know(vocabulary());
        }
    }

    /// Waits for what the person does; may be dropped and called again.
    pub(crate) async fn next(&mut self) -> Typed {
        match self {
            Self::Terminal(terminal) => terminal.next().await,
            Self::Plain(plain, _) => plain.next().await,
        }
    }
}
