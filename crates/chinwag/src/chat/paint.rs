//! Colours, where they are wanted.

use std::io::IsTerminal as _;

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Of lesser weight: times, places, notes.
    Faint,
    /// Of more weight.
    Strong,
    /// Something is wrong, or waits.
    Warning,
    /// It is good again.
    Good,
    /// What concerns the person at the terminal: an own name, a mention.
    Own,
    /// Somebody's name; the number gives each their colour.
    Person(u64),
}

/// Of the sixteen colours those that can be read on dark and light ground alike, without red and yellow: they warn.
const PEOPLE: [&str; 5] = ["36", "35", "34", "32", "96"];

/// Paints, or leaves texts as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Paints where standard output is a terminal that can and nobody objects (`NO_COLOR`, see no-color.org).
    pub(crate) fn of_environment() -> Self {
        let objected = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            on: std::io::stdout().is_terminal() && !objected && !dumb,
        }
    }

    /// Never paints.
    pub(crate) fn none() -> Self {
        Self { on: false }
    }

    /// Always paints.
    #[cfg(test)]
    pub(crate) fn always() -> Self {
        Self { on: true }
    }

    /// Paints a text.
    pub(crate) fn ink(self, ink: Ink, text: &str) -> String {
        if !self.on || text.is_empty() {
            return text.to_owned();
        }
        let code = match ink {
            Ink::Faint => "2",
            Ink::Strong => "1",
            Ink::Warning => "33",
            Ink::Good => "32",
            Ink::Own => "1;33",
            Ink::Person(number) => {
                PEOPLE[usize::try_from(number % PEOPLE.len() as u64).unwrap_or_default()]
            }
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
