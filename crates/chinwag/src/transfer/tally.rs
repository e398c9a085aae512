//! What became of the lines of an import so far, counted and shown.

use chinwag_server::transfer::report::TakenLines;
use chinwag_slack::{Note, Origins};
use indicatif::HumanCount;

use super::{progress::Progress, source::Position};

/// What became of the lines so far.
pub(crate) struct Tally {
    progress: Progress,
    /// How much of the file was read.
    position: Position,
    /// Where lines come from that the file has not as lines.
    origins: Option<Origins>,
    lines: TakenLines,
    refused: u64,
}

impl Tally {
    /// Begins to count the lines of a file of so many bytes.
    pub(crate) fn begin(bytes: Option<u64>, position: Position, origins: Option<Origins>) -> Self {
        Self {
            progress: Progress::of_bytes(bytes),
            position,
            origins,
            lines: TakenLines::default(),
            refused: 0,
        }
    }

    /// Returns how many were refused.
    pub(crate) fn refused(&self) -> u64 {
        self.refused
    }

    /// Counts lines, and names those that were refused.
    pub(crate) fn take(&mut self, lines: TakenLines) {
        for refused in &lines.refused {
            let from = self.origins.as_ref().and_then(|all| all.of(refused.line));
            let from = from.unwrap_or_else(|| format!("line {}", refused.line));
            self.refuse(&from, &refused.reason);
        }
        if let Some(origins) = &self.origins {
            origins.done(lines.through);
        }
        self.lines.through = lines.through;
        self.lines.imported += lines.imported;
        self.lines.repeated += lines.repeated;
        self.lines.left_out += lines.left_out;
        self.progress.at(self.position.get(), lines.through);
    }

    /// Shows what is said while the file is read.
    pub(crate) fn note(&mut self, note: Note) {
        match note {
            Note::Refused(from, reason) => self.refuse(&from, &reason),
            Note::Said(text) => self.progress.print(&text),
        }
    }

    fn refuse(&mut self, from: &str, reason: &str) {
        self.refused += 1;
        self.progress.print(&format!("{from}: {reason}"));
    }

    /// Shows a line above the bar.
    pub(crate) fn say(&self, text: &str) {
        self.progress.print(text);
    }

    /// Ends the bar and prints what became of everything.
    pub(crate) fn print(&mut self) {
        let (imported, repeated) = (self.lines.imported, self.lines.repeated);
        if self.lines.left_out > 0 {
            let count = HumanCount(self.lines.left_out);
            println!("{count} lines about members left out: the one group has all who spoke");
        }
        let took = self.progress.end();
        println!(
            "{} lines brought in, {} were there already, {} refused: {took}",
            HumanCount(imported),
            HumanCount(repeated),
            HumanCount(self.refused)
        );
    }
}
