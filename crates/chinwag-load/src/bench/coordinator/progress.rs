//! What a person sees while a run goes on, on standard error; nothing where that is no terminal.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// A line that says what goes on.
pub(super) struct Progress {
    bar: ProgressBar,
    began: Cell<Option<(Instant, u64)>>,
}

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(100));
        Self {
            bar,
            began: Cell::new(None),
        }
    }

    /// Says what is done now.
    pub(super) fn say(&self, what: impl Into<String>) {
        self.bar.set_message(what.into());
    }

    /// Says how many connections stand.
    pub(super) fn connecting(&self, ready: usize, all: usize) {
        self.say(format!("{ready} of {all} connections"));
    }

    /// Says how many messages arrived, and how fast they do.
    pub(super) fn arrived(&self, messages: u64) {
        let (began, before) = self.began.get().unwrap_or((Instant::now(), messages));
        self.began.set(Some((began, before)));
        let seconds = began.elapsed().as_secs_f64();
        let rate = (messages - before) as f64 / seconds.max(0.1);
        self.say(format!("{seconds:.0} s: {messages} messages, {rate:.0}/s"));
    }

    /// Begins to count anew.
    pub(super) fn restart(&self) {
        self.began.set(None);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
