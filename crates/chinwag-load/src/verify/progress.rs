//! What a person sees while a run goes on, on standard error; nothing where that is no terminal.

use std::{sync::atomic::Ordering, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::stage::Stage;

/// How often it is said anew.
const EVERY: Duration = Duration::from_millis(200);

/// A line that says what goes on.
pub(super) struct Progress(Option<ProgressBar>);

impl Progress {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(EVERY);
        Self(Some(bar))
    }

    /// Makes one that nobody sees.
    pub(super) fn unseen() -> Self {
        Self(None)
    }

    /// Says what is done now.
    pub(super) fn say(&self, what: impl Into<String>) {
        if let Some(bar) = &self.0 {
            bar.set_message(what.into());
        }
    }

    /// Says how far the run is, until its time is over, or there are as many messages as are wanted.
    pub(super) async fn follow(&self, stage: &Stage, time: Duration, messages: Option<u64>) {
        let began = tokio::time::Instant::now();
        let is_enough = || messages.is_some_and(|wanted| stage.messages() >= wanted);
        while began.elapsed() < time && stage.goes_on() && !is_enough() {
            let (seconds, of) = (began.elapsed().as_secs(), time.as_secs());
            let acknowledged = stage.acknowledged.load(Ordering::Relaxed);
            let connections = stage.line.connections();
            self.say(format!(
                "{seconds} s of {of} s: {acknowledged} changes acknowledged over {connections} connections"
            ));
            tokio::time::sleep(EVERY.min(time.saturating_sub(began.elapsed()))).await;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
