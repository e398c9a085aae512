//! Pipes: lines in, lines out, for scripts and tests.

use std::io::{self, BufRead as _, Write as _};

use tokio::sync::mpsc;

use super::Typed;

/// Lines that wait to be carried out.
const LINES: usize = 16;

/// Lines of standard input.
pub(crate) struct Plain {
    lines: mpsc::Receiver<String>,
    ended: bool,
}

impl Plain {
    /// Begins to read.
    pub(crate) fn open() -> Self {
        let (sender, lines) = mpsc::channel(LINES);
        // A thread of its own: a read that waits can't be given up, and ends with the process.
        std::thread::spawn(move || {
            for line in io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            lines,
            ended: false,
        }
    }

    /// Waits for the next line; for ever once it was told that there is none.
    pub(crate) async fn next(&mut self) -> Typed {
        if self.ended {
            return std::future::pending().await;
        }
        match self.lines.recv().await {
            Some(line) => Typed::Line(line),
            None => {
                self.ended = true;
                Typed::End
            }
        }
    }
}

/// Writes lines, at once.
pub(crate) fn print(lines: &[String]) {
    let mut stdout = io::stdout().lock();
    for line in lines {
        // A reader that has gone wants no more.
        let _ = writeln!(stdout, "{line}");
    }
    let _ = stdout.flush();
}
