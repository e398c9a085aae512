//! What a person sees while a run goes on, on standard error; nothing where that is no terminal.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

use crate::clock::{MILLISECOND, now};

/// How a stretch of known length looks.
const BAR: &str = "{wide_bar:.cyan/dim} {msg}";

/// A line that says what goes on, with a bar where it is known how long that takes.
pub(super) struct Progress {
    line: ProgressBar,
    began: Cell<Option<(Instant, u64)>>,
    /// When what goes on began, where a bar shows it; nanoseconds of the shared clock.
    lasts: Cell<Option<u64>>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let line = ProgressBar::new_spinner();
        line.set_style(ProgressStyle::default_spinner());
        line.enable_steady_tick(Duration::from_millis(100));
        Self {
            line,
            began: Cell::new(None),
            lasts: Cell::new(None),
        }
    }

    /// Says what is done now, as long as it takes.
    pub(super) fn say(&self, what: impl Into<String>) {
        if self.lasts.take().is_some() {
            self.line.set_style(ProgressStyle::default_spinner());
        }
        self.line.set_message(what.into());
    }

    /// Says how many of all are ready.
    pub(super) fn ready(&self, ready: usize, all: usize, what: &str) {
        self.say(format!("{ready} of {all} {what}"));
    }

    /// Shows a bar that is full at a time.
    pub(super) fn lasts(&self, begin: u64, until: u64) {
        self.began.set(None);
        self.lasts.set(Some(begin));
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            self.line.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        }
        self.line
            .set_length(until.saturating_sub(begin) / MILLISECOND);
    }

    /// Says how many messages or answers there were, and how fast they come.
    pub(super) fn counted(&self, count: u64) {
        let (began, before) = self.began.get().unwrap_or((Instant::now(), count));
        self.began.set(Some((began, before)));
        let seconds = began.elapsed().as_secs_f64();
        let rate = (count - before) as f64 / seconds.max(0.1);
        self.line
            .set_message(format!("{seconds:.0} s: {count}, {rate:.0}/s"));
        self.moved();
    }

    /// Moves the bar to where it is by now.
    pub(super) fn moved(&self) {
        if let Some(begin) = self.lasts.get() {
            let passed = now().saturating_sub(begin);
            self.line.set_position(passed / MILLISECOND);
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}
