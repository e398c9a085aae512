//! A message store that is measured.

use std::{sync::Arc, time::Instant};

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Append, EngineResult, MessageStore, ReadRange, Stamp},
};
use chinwag_proto::{ChatId, ClientId, EventId, Seq, UserId, shapes::Version};

use super::Metrics;

/// Counts and times what is appended; otherwise the store inside.
pub struct MeasuredStore {
    inner: Arc<dyn MessageStore>,
    metrics: Arc<Metrics>,
}

impl MeasuredStore {
    /// Measures a store.
    #[must_use]
    pub fn new(inner: Arc<dyn MessageStore>, metrics: Arc<Metrics>) -> Self {
        Self { inner, metrics }
    }
}

#[async_trait]
impl MessageStore for MeasuredStore {
    async fn append(&self, appends: Vec<Append>) -> EngineResult<()> {
        let messages = appends
            .iter()
            .filter(|append| append.row.message().is_some())
            .count();
        let started = Instant::now();
        let result = self.inner.append(appends).await;
        self.metrics
            .appended(messages as u64, started.elapsed(), result.is_ok());
        result
    }

    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()> {
        self.inner.rewrite(chat, rows).await
    }

    fn amends_apart(&self) -> bool {
        self.inner.amends_apart()
    }

    async fn amend(&self, appends: Vec<Append>) -> EngineResult<()> {
        self.inner.amend(appends).await
    }

    async fn seal(&self, chat: ChatId, message: Seq, stamp: Stamp) -> EngineResult<()> {
        self.inner.seal(chat, message, stamp).await
    }

    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        self.inner.read(chat, range).await
    }

    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>> {
        self.inner.rows(places).await
    }

    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>> {
        self.inner.heads(chats).await
    }

    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        self.inner.find(id).await
    }

    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>> {
        self.inner.reserve(chat, ids).await
    }

    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        self.inner.sent(chat, user, client_id).await
    }

    async fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        self.inner.versions(chat, message).await
    }

    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>> {
        self.inner.reactions_of(chat, messages, user).await
    }

    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        self.inner.reactors(chat, message, limit).await
    }

    async fn purge(&self, chat: ChatId) -> EngineResult<()> {
        self.inner.purge(chat).await
    }
}
