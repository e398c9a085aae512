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
    asked_again: AtomicU64,
    longest_wait_ms: AtomicU64,
    /// Changes that were acknowledged.
    pub(super) acknowledged: AtomicU64,
    /// Messages among them.
    messages: AtomicU64,
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
            asked_again: AtomicU64::new(0),
            longest_wait_ms: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            messages: AtomicU64::new(0),
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
        Device::connect(
            &self.line,
            person,
            name,
            &self.history,
            &self.surprises,
            pause,
        )
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

    pub(super) fn count_message(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many messages were acknowledged.
    pub(super) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    /// Counts the requests that were asked again.
    pub(super) fn asked_again(&self) -> u64 {
        self.asked_again.load(Ordering::Relaxed)
    }

    /// Returns how long somebody waited at most for an answer, milliseconds.
    pub(super) fn longest_wait_ms(&self) -> u64 {
        self.longest_wait_ms.load(Ordering::Relaxed)
    }

    /// Waits for an answer as long as patience lasts; remembers how long that took.
    pub(super) async fn wait_for<T>(&self, answer: impl Future<Output = T>) -> Option<T> {
        let began = tokio::time::Instant::now();
        let answer = tokio::time::timeout(self.patience, answer).await.ok();
        let waited = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.longest_wait_ms.fetch_max(waited, Ordering::Relaxed);
        answer
    }

    /// Asks until there is an answer that isn't only for now.
    pub(super) async fn ask<F, T>(&self, ask: impl Fn() -> F) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        loop {
            match ask().await {
                Err(ClientError::Refused(problem)) if !problem.retryable => {
                    return Err(ClientError::Refused(problem));
                }
                Err(_) => {
                    self.asked_again.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(AGAIN).await;
                }
                Ok(answer) => return Ok(answer),
            }
        }
    }

    /// Asks until there is an answer, as long as patience lasts; answers whether there was one.
    pub(super) async fn surely<F, T>(&self, what: &str, ask: impl Fn() -> F) -> Option<T>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        match self.wait_for(self.ask(ask)).await {
            Some(Ok(answer)) => return Some(answer),
            Some(Err(why)) => self.surprises.note(|| format!("{what}: {why}")),
            None => self
                .surprises
                .note(|| format!("{what}: no answer in {} s", self.patience.as_secs_f64())),
        }
        None
    }
}
