//! A flaky [`MessageStore`].

use async_trait::async_trait;
use chinwag_core::{
    model::LogRow,
    ports::{Append, EngineResult, MessageStore, ReadRange, Stamp},
};
use chinwag_proto::{ChatId, ClientId, EventId, Seq, UserId, shapes::Version};

use super::{Call, Fault, Flaky, Moment, unknown_outcome};

#[async_trait]
impl<P: MessageStore + ?Sized> MessageStore for Flaky<P> {
    async fn append(&self, appends: Vec<Append>) -> EngineResult<()> {
        self.faults.gates().pass(Call::Append, Moment::Before).await;
        let fault = self.faults.next(Call::Append);
        let mut appends = appends;
        match &fault {
            Some(Fault::Refuse(error)) => return Err(error.clone()),
            Some(Fault::Delay(time)) => tokio::time::sleep(*time).await,
            Some(Fault::FailPartly) => appends.truncate(appends.len() / 2),
            _ => {}
        }
        self.inner.append(appends).await?;
        self.faults.gates().pass(Call::Append, Moment::After).await;
        match fault {
            Some(Fault::FailAfter | Fault::FailPartly) => Err(unknown_outcome()),
            _ => Ok(()),
        }
    }

    async fn rewrite(&self, chat: ChatId, rows: Vec<(LogRow, Stamp)>) -> EngineResult<()> {
        let rewrite = self.inner.rewrite(chat, rows);
        self.faults.around(Call::Write, rewrite).await
    }

    fn amends_apart(&self) -> bool {
        self.inner.amends_apart()
    }

    async fn amend(&self, appends: Vec<Append>) -> EngineResult<()> {
        let amend = self.inner.amend(appends);
        self.faults.around(Call::Write, amend).await
    }

    async fn seal(&self, chat: ChatId, message: Seq, stamp: Stamp) -> EngineResult<()> {
        let seal = self.inner.seal(chat, message, stamp);
        self.faults.around(Call::Write, seal).await
    }

    async fn read(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        let read = self.inner.read(chat, range);
        self.faults.around(Call::Read, read).await
    }

    async fn rows(&self, places: &[(ChatId, Seq)]) -> EngineResult<Vec<Option<LogRow>>> {
        let read = self.inner.rows(places);
        self.faults.around(Call::Read, read).await
    }

    async fn heads(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<LogRow>>> {
        let read = self.inner.heads(chats);
        self.faults.around(Call::Read, read).await
    }

    async fn find(&self, id: EventId) -> EngineResult<Option<(ChatId, Seq)>> {
        let read = self.inner.find(id);
        self.faults.around(Call::Read, read).await
    }

    async fn reserve(&self, chat: ChatId, ids: &[EventId]) -> EngineResult<Vec<bool>> {
        let reserve = self.inner.reserve(chat, ids);
        self.faults.around(Call::Write, reserve).await
    }

    async fn sent(
        &self,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> EngineResult<Option<(Seq, EventId)>> {
        let read = self.inner.sent(chat, user, client_id);
        self.faults.around(Call::Read, read).await
    }

    async fn versions(&self, chat: ChatId, message: Seq) -> EngineResult<Vec<Version>> {
        let read = self.inner.versions(chat, message);
        self.faults.around(Call::Read, read).await
    }

    async fn reactions_of(
        &self,
        chat: ChatId,
        messages: &[Seq],
        user: &UserId,
    ) -> EngineResult<Vec<Vec<String>>> {
        let read = self.inner.reactions_of(chat, messages, user);
        self.faults.around(Call::Read, read).await
    }

    async fn reactors(
        &self,
        chat: ChatId,
        message: Seq,
        limit: usize,
    ) -> EngineResult<Vec<(String, UserId)>> {
        let read = self.inner.reactors(chat, message, limit);
        self.faults.around(Call::Read, read).await
    }

    async fn purge(&self, chat: ChatId) -> EngineResult<()> {
        let purge = self.inner.purge(chat);
        self.faults.around(Call::Write, purge).await
    }
}
