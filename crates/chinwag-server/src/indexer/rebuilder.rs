//! Builds the search index anew from the log: when an operator wants it, and by itself where there is none.

use std::{sync::Arc, time::Duration};

use chinwag_core::ports::{
    Directory, EngineResult, IndexState, MessageStore, Order, ReadRange, Rebuild, SearchDocument,
    SearchIndex,
};
use chinwag_proto::{ChatId, Seq};
use parking_lot::Mutex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Chats, and messages of one, read at a time.
const BATCH: usize = 1_000;
/// How often it is looked whether there is an index.
const LOOKED_EVERY: Duration = Duration::from_secs(5);
/// How long to wait at most before what failed is begun again by itself; twice as long after each failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Builds the search index anew, one rebuild at a time.
pub struct Rebuilder {
    store: Arc<dyn MessageStore>,
    directory: Arc<dyn Directory>,
    search: Arc<dyn SearchIndex>,
    report: Mutex<Report>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether one goes on.
    pub running: bool,
    /// How many messages it has read, or the last one had.
    pub messages: u64,
    /// How many there were when it began.
    pub of: u64,
    /// Why the last one failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

impl Rebuilder {
    /// Makes one that does nothing yet.
    #[must_use]
    pub fn new(
        store: Arc<dyn MessageStore>,
        directory: Arc<dyn Directory>,
        search: Arc<dyn SearchIndex>,
    ) -> Self {
        Self {
            store,
            directory,
            search,
            report: Mutex::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// Tells how far it is.
    #[must_use]
    pub fn report(&self) -> Report {
        self.report.lock().clone()
    }

    /// Begins a rebuild, unless one goes on; it doesn't depend on who asked for it.
    pub fn start(self: &Arc<Self>) {
        {
            let mut report = self.report.lock();
            if report.running || self.stop.is_cancelled() {
                return;
            }
            *report = Report {
                running: true,
                ..Report::default()
            };
        }
        let rebuilder = Arc::clone(self);
        self.tasks.spawn(async move {
            let rebuilt = tokio::select! {
                rebuilt = rebuilder.rebuild() => rebuilt.map_err(|error| error.to_string()),
                () = rebuilder.stop.cancelled() => Err("the server is leaving".into()),
            };
            let mut report = rebuilder.report.lock();
            report.running = false;
            match rebuilt {
                Ok(()) => tracing::info!(messages = report.messages, "the search index is rebuilt"),
                Err(error) => {
                    tracing::warn!(error, "the search index isn't rebuilt");
                    report.failed = Some(error);
                }
            }
        });
    }

    /// Makes an index where there is none and no chat either, so that a new server can be searched at once.
    pub async fn make_first(&self) -> EngineResult<()> {
        let is_missing = matches!(self.search.state().await?, IndexState::Missing(_));
        if !is_missing || !self.has_no_chats().await? {
            return Ok(());
        }
        let rebuild = self.search.rebuild().await?;
        // Another node may have made one meanwhile, with messages in it; what comes from now on is in both.
        if self.has_no_chats().await? {
            rebuild.finish().await?;
        }
        Ok(())
    }

    async fn has_no_chats(&self) -> EngineResult<bool> {
        Ok(self.directory.all_chats(None, 1).await?.is_empty())
    }

    /// Rebuilds the index whenever there is none, until it is cancelled.
    pub async fn keep_whole(self: Arc<Self>, cancel: CancellationToken) {
        let mut pause = LOOKED_EVERY;
        loop {
            match self.search.state().await {
                Ok(IndexState::Missing(reason)) if !self.report().running => {
                    tracing::warn!(reason, "the search index is built from the log");
                    self.start();
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the search index can't be asked"),
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = match self.report().failed {
                Some(_) => (pause * 2).min(LONGEST_PAUSE),
                None => LOOKED_EVERY,
            };
        }
    }

    /// Stops what goes on; nothing begins any more.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Reads every message from the log into a new index; correct while messages keep coming, since an older document
    /// never replaces a newer one.
    async fn rebuild(&self) -> EngineResult<()> {
        let mut rebuild = self.search.rebuild().await?;
        let of = self.count().await?;
        self.report.lock().of = of;
        let mut after = None;
        while let Some(chats) = self.chats(&mut after).await? {
            for chat in chats {
                self.add_chat(&mut *rebuild, chat).await?;
            }
        }
        rebuild.finish().await
    }

    /// Counts the messages of all chats, deleted ones too.
    async fn count(&self) -> EngineResult<u64> {
        let (mut after, mut count) = (None, 0);
        while let Some(chats) = self.chats(&mut after).await? {
            let heads = self.store.heads(&chats).await?;
            count += heads
                .into_iter()
                .flatten()
                .map(|row| row.count)
                .sum::<u64>();
        }
        Ok(count)
    }

    /// Returns the next chats that are there; none at the end.
    async fn chats(&self, after: &mut Option<ChatId>) -> EngineResult<Option<Vec<ChatId>>> {
        let chats = self.directory.all_chats(*after, BATCH).await?;
        let Some(last) = chats.last() else {
            return Ok(None);
        };
        *after = Some(*last);
        let rows = self.directory.chats(&chats).await?.into_iter().flatten();
        Ok(Some(
            rows.filter(|row| !row.deleted).map(|row| row.id).collect(),
        ))
    }

    async fn add_chat(&self, rebuild: &mut dyn Rebuild, chat: ChatId) -> EngineResult<()> {
        let mut from = Seq(1);
        loop {
            let range = ReadRange {
                from,
                through: Seq::MAX,
                limit: BATCH,
                order: Order::Rising,
                messages_only: true,
            };
            let rows = self.store.read(chat, range).await?;
            let Some(last) = rows.last().map(|row| row.seq) else {
                break;
            };
            let documents = rows.iter().filter_map(|row| SearchDocument::of(chat, row));
            rebuild.add(documents.collect()).await?;
            self.report.lock().messages += rows.len() as u64;
            from = last.next();
        }
        // Where it was deleted meanwhile the indexer may have removed it before it was added.
        let row = self.directory.chats(&[chat]).await?.into_iter().next();
        if row.flatten().is_none_or(|row| row.deleted) {
            self.search.remove_chat(chat).await?;
        }
        Ok(())
    }
}
