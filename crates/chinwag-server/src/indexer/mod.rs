//! The indexer role: takes events from the queue and keeps the search index behind the log.

mod rebuilder;
#[cfg(test)]
mod tests;

pub use rebuilder::{Rebuilder, Report};

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use chinwag_core::{
    model::RowBody,
    ports::{
        EngineResult, EventQueue, MessageStore, QueueGroup, QueueRecord, SearchDocument,
        SearchIndex,
    },
};
use chinwag_proto::{ChatId, Seq};
use tokio_util::sync::CancellationToken;

use crate::consumer::{self, Worker};

/// What the indexer needs.
#[derive(Clone)]
pub struct Indexer {
    /// Where events come from.
    pub queue: Arc<dyn EventQueue>,
    /// Where changed messages are.
    pub store: Arc<dyn MessageStore>,
    /// What is kept.
    pub search: Arc<dyn SearchIndex>,
}

impl Indexer {
    /// Works until it is cancelled; a failure is tried again, and nothing is acknowledged before it can be found.
    pub async fn run(self, cancel: CancellationToken) {
        consumer::run(&self, cancel).await;
    }
}

#[async_trait]
impl Worker for Indexer {
    const GROUP: QueueGroup = QueueGroup::Indexer;
    const BATCH: usize = 8_000;
    /// A commit of the index costs as much as writing some hundred messages, and a message must be found within 2 s.
    const GATHERS_FOR: Duration = Duration::from_millis(250);
    const LONGEST_PAUSE: Duration = Duration::from_millis(500);

    fn queue(&self) -> &dyn EventQueue {
        &*self.queue
    }

    async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()> {
        let mut documents: Vec<SearchDocument> = Vec::with_capacity(records.len());
        // A change is indexed as its message is now: several changes of one message are one document.
        let mut changed: BTreeSet<(ChatId, Seq)> = BTreeSet::new();
        let mut gone: HashSet<ChatId> = HashSet::new();
        for record in &records {
            match &record.row.body {
                RowBody::Message(_) => {
                    documents.extend(SearchDocument::of(record.chat, &record.row));
                }
                RowBody::Edit(target) | RowBody::Deletion(target) => {
                    changed.insert((record.chat, target.seq));
                }
                RowBody::Chat { deleted: true, .. } => {
                    gone.insert(record.chat);
                }
                _ => {}
            }
        }
        // A chat's end is its last event: of what came before nothing may stay.
        changed.retain(|(chat, _)| !gone.contains(chat));
        documents.retain(|document| !gone.contains(&document.chat));
        let changed: Vec<(ChatId, Seq)> = changed.into_iter().collect();
        let rows = self.store.rows(&changed).await?;
        let rows = changed.iter().zip(rows);
        documents.extend(rows.filter_map(|((chat, _), row)| SearchDocument::of(*chat, &row?)));
        if !documents.is_empty() {
            self.search.upsert(documents).await?;
        }
        for chat in gone {
            self.search.remove_chat(chat).await?;
        }
        Ok(())
    }
}
