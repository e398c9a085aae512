//! Whether the server serves, and which parts of it are away.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use chinwag_backends::free_bytes;
use chinwag_core::ports::{
    Accounts, EngineError, EventQueue, IndexState, MessageStore, Presence, QueueGroup, SearchIndex,
};
use chinwag_proto::UserId;
use schemars::JsonSchema;
use serde::Serialize;

/// How long a part may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(1);
/// More than this many events behind, search shows yesterday's chat.
const MAX_LAG: u64 = 10_000;

/// What is asked whether it is there.
pub struct Health {
    draining: AtomicBool,
    store: Arc<dyn MessageStore>,
    accounts: Arc<dyn Accounts>,
    queue: Arc<dyn EventQueue>,
    search: Arc<dyn SearchIndex>,
    presence: Arc<dyn Presence>,
    data_dir: PathBuf,
    min_free: u64,
}

/// How the server is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// In one word.
    pub status: Status,
    /// The parts, where they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// The version of this program.
    pub version: &'static str,
}

/// How the server is, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// All is there.
    Ok,
    /// Clients are served, but something is away.
    Degraded,
    /// It is leaving.
    Draining,
    /// Nothing can be read.
    Down,
}

/// A part of the server.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// What is wrong, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Report {
    /// Tells whether clients are served.
    #[must_use]
    pub fn serves(&self) -> bool {
        matches!(self.status, Status::Ok | Status::Degraded)
    }
}

impl Health {
    /// Makes it from the parts that it asks.
    #[must_use]
    pub fn new(
        store: Arc<dyn MessageStore>,
        accounts: Arc<dyn Accounts>,
        queue: Arc<dyn EventQueue>,
        search: Arc<dyn SearchIndex>,
        presence: Arc<dyn Presence>,
        data_dir: PathBuf,
        min_free: u64,
    ) -> Self {
        Self {
            draining: AtomicBool::new(false),
            store,
            accounts,
            queue,
            search,
            presence,
            data_dir,
            min_free,
        }
    }

    /// Says from now on that the server is leaving.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Tells that the process lives.
    #[must_use]
    pub fn alive(&self) -> Report {
        report(Status::Ok, Vec::new())
    }

    /// Asks every part.
    pub async fn report(&self) -> Report {
        let (store, accounts, search, presence) = tokio::join!(
            patiently(self.store.heads(&[])),
            patiently(self.accounts.keys()),
            patiently(self.search_lag()),
            patiently(self.find_nobody()),
        );
        let parts = vec![
            part("store", store),
            part("directory", accounts),
            part("search", search),
            part("presence", presence),
            part("disk", self.disk()),
        ];
        let down = parts.iter().take(2).any(|part| !part.ok);
        let status = match () {
            () if self.draining.load(Ordering::Relaxed) => Status::Draining,
            () if down => Status::Down,
            () if parts.iter().any(|part| !part.ok) => Status::Degraded,
            () => Status::Ok,
        };
        report(status, parts)
    }

    /// Looks for a user's sessions, so that presence answers; whose doesn't matter.
    async fn find_nobody(&self) -> Result<(), EngineError> {
        let nobody = UserId::new("-").expect("a user id may be a dash");
        self.presence.locate(&[nobody], None).await.map(drop)
    }

    /// Returns how many events the search index is behind, where that is few.
    async fn search_lag(&self) -> Result<u64, EngineError> {
        if let IndexState::Missing(reason) = self.search.state().await? {
            let detail = format!("it is being built: {reason}");
            return Err(EngineError::Unavailable(detail));
        }
        let lag = self.queue.lag(QueueGroup::Indexer).await?;
        if lag > MAX_LAG {
            return Err(EngineError::Unavailable(format!("{lag} events behind")));
        }
        Ok(lag)
    }

    fn disk(&self) -> Result<u64, String> {
        let free = free_bytes(&self.data_dir).map_err(|error| error.to_string())?;
        if free < self.min_free {
            return Err(format!("{free} bytes free, sends need {}", self.min_free));
        }
        Ok(free)
    }
}

fn report(status: Status, parts: Vec<Part>) -> Report {
    Report {
        status,
        parts,
        version: env!("CARGO_PKG_VERSION"),
    }
}

async fn patiently<T, E: std::fmt::Display>(
    asking: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, asking).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("it doesn't answer".into()),
    }
}

fn part<T>(name: &'static str, answer: Result<T, String>) -> Part {
    Part {
        name,
        ok: answer.is_ok(),
        detail: answer.err(),
    }
}
