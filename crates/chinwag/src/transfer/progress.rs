//! What a person sees while much goes in or out: on standard error, and only where that is a terminal.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

const REDRAWN_EVERY: Duration = Duration::from_millis(100);

/// A bar, and the time since it began.
pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
    lines: u64,
}

impl Progress {
    /// Begins a bar over bytes; one without an end where their number isn't known.
    pub(crate) fn of_bytes(bytes: Option<u64>) -> Self {
        Self::begin(
            bytes,
            "{bar:32} {percent:>3} %  {msg}, {eta} left",
            "{spinner} {msg}",
        )
    }

    /// Begins a bar over lines.
    pub(crate) fn of_lines(lines: Option<u64>) -> Self {
        Self::begin(
            lines,
            "{bar:32} {percent:>3} %  {msg}, {eta} left",
            "{spinner} {msg}",
        )
    }

    /// Begins a bar over events that are moved.
    pub(crate) fn of_moving(events: u64) -> Self {
        let template = "{bar:32} {percent:>3} %  {msg}, {per_sec}, {eta} left";
        Self::begin(Some(events), template, template)
    }

    /// Shows how many events are dealt with, how, and whose.
    pub(crate) fn at_moved(&self, events: u64, what: &str, users: u64, chats: u64) {
        let (users, chats) = (HumanCount(users), HumanCount(chats));
        self.bar
            .set_message(format!("{what} {users} users, {chats} chats"));
        self.bar.set_position(events);
    }

    fn begin(end: Option<u64>, with_end: &str, without_end: &str) -> Self {
        let (bar, template) = match end {
            Some(end) => (ProgressBar::new(end), with_end),
            None => (ProgressBar::new_spinner(), without_end),
        };
        let style = ProgressStyle::with_template(template);
        let progress = Self {
            bar: bar.with_style(style.expect("the template is right")),
            began: Instant::now(),
            lines: 0,
        };
        progress.bar.enable_steady_tick(REDRAWN_EVERY);
        progress
    }

    /// Shows how far it is, and how many lines that are.
    pub(crate) fn at(&mut self, position: u64, lines: u64) {
        self.lines = lines;
        let (count, rate) = (HumanCount(lines), HumanCount(self.rate()));
        self.bar
            .set_message(format!("{count} lines, {rate} a second"));
        self.bar.set_position(position);
    }

    /// Shows how many bytes there are so far.
    pub(crate) fn at_bytes(&mut self, bytes: u64) {
        self.say(HumanBytes(bytes).to_string());
    }

    /// Shows a text beside the bar.
    pub(crate) fn say(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Prints a line above the bar.
    pub(crate) fn print(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Ends the bar and says how long it took.
    pub(crate) fn end(&self) -> String {
        self.bar.finish_and_clear();
        let seconds = self.began.elapsed().as_secs_f64();
        format!("{seconds:.1} s, {} lines a second", HumanCount(self.rate()))
    }

    fn rate(&self) -> u64 {
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        (self.lines as f64 / seconds).round() as u64
    }
}
