//! What all who take part share while a run goes on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chinwag_client::ClientError;
use tokio::sync::watch;

use super::{
    cast::Cast,
    device::Device,
    line::{History, Line},
    options::Options,
    surprises::Surprises,
};
use crate::site::Person;

/// How long somebody waits who asked in vain, before they ask again.
const AGAIN: Duration = Duration::from_millis(50);

/// The stage.
pub(super) struct Stage {
    pub(super) cast: Cast,
    pub(super) line: Line,
    pub(super) history: History,
    pub(super) surprises: Arc<Surprises>,
    pub(super) patience: Duration,
    /// Whether nothing goes wrong that a user may see, so that also what may be asked again is a surprise.
    is_seamless: bool,
    /// Changes that were acknowledged.
    pub(super) acknowledged: AtomicU64,
    ended: watch::Sender<bool>,
}

impl Stage {
    pub(super) fn new(cast: Cast, line: Line, history: History, options: &Options) -> Self {
        Self {
            cast,
            line,
            history,
            surprises: Arc::default(),
            patience: Duration::from_secs_f64(options.patience),
            is_seamless: options.is_seamless(),
            acknowledged: AtomicU64::new(0),
            ended: watch::channel(false).0,
        }
    }

    /// Connects a device of somebody; `pause` is how long it waits for its way back, at most, where that isn't short.
    pub(super) fn device(
        &self,
        person: &Person,
        name: &str,
        pause: Option<Duration>,
    ) -> anyhow::Result<Device> {
        let url = self.line.url();
        Device::connect(&url, person, name, &self.history, &self.surprises, pause)
    }

    /// Ends the run: nobody begins anything new.
    pub(super) fn end(&self) {
        self.ended.send_replace(true);
    }

    pub(super) fn goes_on(&self) -> bool {
        !*self.ended.borrow()
    }

    /// Waits for a while, or until the run ends.
    pub(super) async fn pause(&self, time: Duration) {
        let mut ended = self.ended.subscribe();
        let _ = tokio::time::timeout(time, ended.wait_for(|ended| *ended)).await;
    }

    pub(super) fn count_acknowledged(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes what may be asked again, which a user sees where nothing goes wrong.
    pub(super) fn note_if_seamless(&self, what: impl FnOnce() -> String) {
        if self.is_seamless {
            self.surprises.note(what);
        }
    }

    /// Asks until there is an answer, as long as patience lasts; answers whether there was one.
    pub(super) async fn surely<F, T>(&self, what: &str, ask: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        let asking = async {
            loop {
                match ask().await {
                    Ok(answer) => return Ok(answer),
                    Err(ClientError::Refused(problem)) if !problem.retryable => {
                        return Err(problem.to_string());
                    }
                    Err(error) => {
                        self.note_if_seamless(|| format!("{what}: {error}"));
                        tokio::time::sleep(AGAIN).await;
                    }
                }
            }
        };
        match tokio::time::timeout(self.patience, asking).await {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(why)) => self.surprises.note(|| format!("{what}: {why}")),
            Err(_) => self
                .surprises
                .note(|| format!("{what}: no answer in {} s", self.patience.as_secs_f64())),
        }
        None
    }
}
