//! A terminal: what was said scrolls by as usual, below it a status and the line being written.

use std::io::{self, Read as _, Write as _};

use anyhow::{Context as _, Result};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use super::{
    Status, Typed,
    complete::{Vocabulary, complete},
    editor::{Edited, Editor, Rows},
    keys::{Key, Keys},
    raw::{self, RawMode},
};
use crate::chat::{
    look::Look,
    paint::Ink,
    text::{fit, width},
};

/// Bytes read at once; what is pasted comes in several.
const READ_BYTES: usize = 4_096;
/// Drawn as one picture by terminals that know how (mode 2026); the others ignore it.
const PICTURE_BEGINS: &str = "\x1b[?2026h";
const PICTURE_ENDS: &str = "\x1b[?2026l";

/// A person at a terminal.
pub(crate) struct Terminal {
    raw: RawMode,
    look: Look,
    bytes: mpsc::Receiver<Vec<u8>>,
    resized: Signal,
    rows: usize,
    keys: Keys,
    /// Keys that came together and are not done yet.
    waiting: std::collections::VecDeque<Key>,
    editor: Editor,
    status: Status,
    /// What Tab completes.
    vocabulary: Vocabulary,
    drawn: Drawn,
}

/// What stands below the lines that scroll: to be wiped before anything is written.
#[derive(Debug, Default)]
struct Drawn {
    /// The widths of the lines above the cursor's, and how far the cursor's reaches.
    above: Vec<usize>,
}

impl Terminal {
    /// Takes the terminal.
    pub(crate) fn open(look: Look) -> Result<Self> {
        let raw = RawMode::enter().context("can't take the terminal")?;
        let resized = signal(SignalKind::window_change())?;
        let (columns, rows) = raw::size();
        let look = Look {
            columns: Some(columns),
            ..look
        };
        Ok(Self {
            raw,
            look,
            bytes: read_in_background(),
            resized,
            rows,
            keys: Keys::default(),
            waiting: std::collections::VecDeque::new(),
            editor: Editor::default(),
            status: Status::default(),
            vocabulary: Vocabulary::default(),
            drawn: Drawn::default(),
        })
    }

    /// Returns how things look here.
    pub(crate) fn look(&self) -> &Look {
        &self.look
    }

    /// Says what Tab completes.
    pub(crate) fn know(&mut self, vocabulary: Vocabulary) {
        self.vocabulary = vocabulary;
    }

    /// Writes lines above the status.
    pub(crate) fn print(&mut self, lines: &[String]) {
        if !lines.is_empty() {
            self.redraw(lines);
        }
    }

    /// Shows another status.
    pub(crate) fn show(&mut self, status: Status) {
        if self.status != status {
            self.status = status;
            self.redraw(&[]);
        }
    }

    /// Waits for what the person does; may be dropped and called again.
    pub(crate) async fn next(&mut self) -> Typed {
        loop {
            while let Some(key) = self.waiting.pop_front() {
                if let Some(typed) = self.key(key) {
                    return typed;
                }
            }
            tokio::select! {
                bytes = self.bytes.recv() => match bytes {
                    Some(bytes) => self.waiting.extend(self.keys.feed(&bytes)),
                    None => return Typed::End,
                },
                _ = self.resized.recv() => self.resize(),
            }
        }
    }

    fn key(&mut self, key: Key) -> Option<Typed> {
        match self.editor.key(key) {
            Edited::Nothing => None,
            Edited::Moved => {
                self.redraw(&[]);
                None
            }
            Edited::Changed => {
                self.redraw(&[]);
                let text = self.editor.text();
                let said = !text.is_empty() && !text.starts_with('/');
                said.then_some(Typed::Writing)
            }
            Edited::Done(line) => {
                self.redraw(&[]);
                Some(Typed::Line(line))
            }
            Edited::Key(key) => self.command(key),
        }
    }

    fn command(&mut self, key: Key) -> Option<Typed> {
        match key {
            Key::Tab => self.complete(),
            Key::PageUp => return Some(Typed::Older),
            Key::EndOfInput => return Some(Typed::End),
            Key::Interrupt if self.editor.text().is_empty() => return Some(Typed::Interrupt),
            Key::Interrupt => {
                self.editor.clear();
                self.redraw(&[]);
            }
            Key::Redraw => {
                write("\x1b[2J\x1b[H");
                self.drawn = Drawn::default();
                self.redraw(&[]);
            }
            Key::Suspend => {
                write(&self.wiped());
                self.drawn = Drawn::default();
                let _ = self.raw.suspend();
                self.resize();
            }
            _ => {}
        }
        None
    }

    fn complete(&mut self) {
        let completion = complete(self.editor.before(), &self.vocabulary);
        self.editor.complete(completion.from, &completion.with);
        if completion.choices.len() > 1 {
            let choices = completion.choices.join("   ");
            let note = self.look.note(&choices);
            return self.redraw(&note);
        }
        self.redraw(&[]);
    }

    fn resize(&mut self) {
        // What was drawn is wiped by the new width: terminals break long lines anew.
        let (columns, rows) = raw::size();
        self.look.columns = Some(columns);
        self.rows = rows;
        self.redraw(&[]);
    }

    /// Wipes what stands below, writes lines that scroll, and draws again, in one piece.
    fn redraw(&mut self, lines: &[String]) {
        let mut picture = String::from(PICTURE_BEGINS);
        picture.push_str(&self.wiped());
        for line in lines {
            picture.push_str(line);
            picture.push('\n');
        }
        self.draw(&mut picture);
        picture.push_str(PICTURE_ENDS);
        write(&picture);
    }

    /// Returns what leads the cursor back to the first row drawn, and clears from there on.
    fn wiped(&self) -> String {
        let columns = self.columns();
        let rows = self.drawn.above.iter().enumerate().map(|(index, width)| {
            let own = index + 1 == self.drawn.above.len();
            // The cursor stands within its own line; the others may take more rows than they did.
            if own {
                width / columns
            } else {
                width.saturating_sub(1) / columns + 1
            }
        });
        match rows.sum::<usize>() {
            0 => "\r\x1b[J".into(),
            rows => format!("\r\x1b[{rows}A\x1b[J"),
        }
    }

    fn draw(&mut self, picture: &mut String) {
        let columns = self.columns();
        let mut above = Vec::new();
        for line in &self.status.waiting {
            let line = fit(line, columns - 1);
            above.push(width(&line));
            picture.push_str(&self.look.paint.ink(Ink::Faint, &line));
            picture.push('\n');
        }
        let rule = self.rule(columns - 1);
        above.push(columns - 1);
        picture.push_str(&rule);
        picture.push('\n');
        let prompt = format!("{} ", fit(&self.status.prompt, columns / 3));
        let rows = self.editor.rows(width(&prompt), columns - 1);
        let shown = self.shown(&rows, above.len());
        for (index, row) in rows
            .rows
            .iter()
            .enumerate()
            .take(shown.end)
            .skip(shown.start)
        {
            if index == 0 {
                picture.push_str(&self.look.paint.ink(Ink::Strong, &prompt));
            }
            picture.push_str(row);
            if index + 1 < shown.end {
                picture.push('\n');
            }
        }
        let up = shown.end - 1 - rows.row;
        if up > 0 {
            picture.push_str(&format!("\x1b[{up}A"));
        }
        picture.push('\r');
        if rows.column > 0 {
            picture.push_str(&format!("\x1b[{}C", rows.column));
        }
        above.extend((shown.start..rows.row).map(|_| columns - 1));
        above.push(rows.column);
        self.drawn.above = above;
    }

    /// Returns which rows of a long text fit on the screen: those up to the cursor, and some after.
    fn shown(&self, rows: &Rows, above: usize) -> std::ops::Range<usize> {
        let room = self.rows.saturating_sub(above + 1).max(1);
        let end = rows.rows.len().min((rows.row + 1).max(room));
        end.saturating_sub(room)..end
    }

    fn rule(&self, columns: usize) -> String {
        let paint = self.look.paint;
        let left = fit(&self.status.left, columns.saturating_sub(6));
        let right = fit(
            &self.status.right,
            columns.saturating_sub(width(&left) + 10),
        );
        let ink = if self.status.warning {
            Ink::Warning
        } else {
            Ink::Faint
        };
        let mut taken = width(&left) + 4;
        let end = match right.as_str() {
            "" => String::new(),
            right => {
                taken += width(right) + 4;
                format!(" {} {}", paint.ink(Ink::Own, right), paint.ink(ink, "──"))
            }
        };
        let line = "─".repeat(columns.saturating_sub(taken));
        let begin = paint.ink(ink, &format!("── {left} {line}"));
        format!("{begin}{end}")
    }

    fn columns(&self) -> usize {
        self.look.columns.unwrap_or(80).max(20)
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        write(&self.wiped());
    }
}

/// Reads standard input in a thread of its own: a read that waits can't be given up, and ends with the process.
fn read_in_background() -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut stdin = io::stdin().lock();
        let mut bytes = [0; READ_BYTES];
        loop {
            match stdin.read(&mut bytes) {
                Ok(0) => return,
                Ok(read) => {
                    if sender.blocking_send(bytes[..read].to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    receiver
}

fn write(picture: &str) {
    let mut stdout = io::stdout().lock();
    // A terminal that is gone is noticed by its input's end.
    let _ = stdout.write_all(picture.as_bytes());
    let _ = stdout.flush();
}
