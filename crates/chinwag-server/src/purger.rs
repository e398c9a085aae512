//! The purger: takes the ends of chats from the queue and removes what they leave in the store.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use chinwag_core::{
    model::RowBody,
    ports::{EngineResult, EventQueue, MessageStore, QueueGroup, QueueRecord},
};
use tokio_util::sync::CancellationToken;

use crate::consumer::{self, Worker};

/// What the purger needs.
#[derive(Clone)]
pub struct Purger {
    /// Where events come from.
    pub queue: Arc<dyn EventQueue>,
    /// Where deleted chats' rows are.
    pub store: Arc<dyn MessageStore>,
}

impl Purger {
    /// Works until it is cancelled; a chat that was purged in part is purged again from its beginning.
    pub async fn run(self, cancel: CancellationToken) {
        consumer::run(&self, cancel).await;
    }
}

#[async_trait]
impl Worker for Purger {
    const GROUP: QueueGroup = QueueGroup::Purger;
    /// One chat may be millions of rows, and what was not acknowledged is done again.
    const BATCH: usize = 1;
    const LONGEST_PAUSE: Duration = Duration::from_secs(60);

    fn queue(&self) -> &dyn EventQueue {
        &*self.queue
    }

    async fn take(&self, records: Vec<QueueRecord>) -> EngineResult<()> {
        for record in records {
            if matches!(record.row.body, RowBody::Chat { deleted: true, .. }) {
                self.store.purge(record.chat).await?;
                tracing::info!(chat = %record.chat, "a deleted chat is purged");
            }
        }
        Ok(())
    }
}
