//! The indexer role: takes events from the queue and keeps the search index behind the log.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    model::RowBody,
    ports::{
        Directory, EngineResult, EventQueue, MessageStore, Order, QueueGroup, QueueRecord,
        ReadRange, SearchDocument, SearchIndex,
    },
};
use chinwag_proto::{ChatId, Seq};
use tokio_util::sync::CancellationToken;

use crate::consumer::{self, Worker};

/// Records taken at a time, and documents written at a time.
const BATCH: usize = 1_000;
/// What the indexer needs.
#[derive(Clone)]
pub struct Indexer {
    /// Where events come from.
    pub queue: Arc<dyn EventQueue>,
    /// Where messages are.
    pub store: Arc<dyn MessageStore>,
    /// Which chats there are.
    pub directory: Arc<dyn Directory>,
    /// What is kept.
    pub search: Arc<dyn SearchIndex>,
}

impl Indexer {
    /// Works until it is cancelled; a failure is tried again, and nothing is acknowledged before it can be found.
    pub async fn run(self, cancel: CancellationToken) {
        consumer::run(&self, cancel).await;
    }

    /// Reads every message from the log into the index; correct while messages keep coming, since an older document
    /// never replaces a newer one. Returns how many messages there were.
    pub async fn rebuild(&self) -> EngineResult<u64> {
        let mut after = None;
        let mut count = 0;
        loop {
            let chats = self.directory.all_chats(after, BATCH).await?;
            let Some(last) = chats.last().copied() else {
                return Ok(count);
            };
            for row in self
                .directory
                .chats(&chats)
                .await?
                .into_iter()
                .flatten()
                .filter(|row| !row.deleted)
            {
                count += self.rebuild_chat(row.id).await?;
            }
            after = Some(last);
        }
    }

    async fn rebuild_chat(&self, chat: ChatId) -> EngineResult<u64> {
        let (mut from, mut count) = (Seq(1), 0);
        loop {
            let through = Seq(u64::MAX);
            let range = ReadRange {
                from,
                through,
                limit: BATCH,
                order: Order::Rising,
                messages_only: true,
            };
            let rows = self.store.read(chat, range).await?;
            let Some(last) = rows.last().map(|row| row.seq) else {
                return Ok(count);
            };
            let documents: Vec<_> = rows
                .iter()
                .filter_map(|row| SearchDocument::of(chat, row))
                .collect();
            count += documents.len() as u64;
            self.search.upsert(documents).await?;
            from = last.next();
        }
    }
}

#[async_trait]
impl Worker for Indexer {
    const GROUP: QueueGroup = QueueGroup::Indexer;
    const BATCH: usize = BATCH;
    const LONGEST_PAUSE: Duration = Duration::from_millis(500);

    fn queue(&self) -> &dyn EventQueue {
        &*self.queue
    }

    async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()> {
        // A change is indexed as its message is now: several changes of one message are one document.
        let mut places: HashSet<(ChatId, Seq)> = HashSet::new();
        for record in &records {
            match (&record.row.body, record.row.target()) {
                (RowBody::Message(_), _) => {
                    places.insert((record.chat, record.row.seq));
                }
                (RowBody::Chat { deleted: true, .. }, _) => {
                    self.search.remove_chat(record.chat).await?
                }
                (_, Some(target)) => {
                    places.insert((record.chat, target.seq));
                }
                _ => {}
            }
        }
        let keys: Vec<(ChatId, Seq)> = places.into_iter().collect();
        let rows = self.store.rows(&keys).await?;
        let pairs = keys.iter().zip(rows);
        let documents = pairs
            .filter_map(|((chat, _), row)| SearchDocument::of(*chat, &row?))
            .collect();
        self.search.upsert(documents).await
    }
}
