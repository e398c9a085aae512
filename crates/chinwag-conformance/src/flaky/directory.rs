//! A flaky [`Directory`].

use async_trait::async_trait;
use chinwag_core::{
    model::{ChatRow, MarkRow, MemberRow, Membership, PreferencesRow},
    ports::{Directory, EngineResult, Stamp},
};
use chinwag_proto::{ChatId, ClientId, Seq, UserId};

use super::{Call, Flaky};

#[async_trait]
impl<P: Directory + ?Sized> Directory for Flaky<P> {
    async fn chats(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<ChatRow>>> {
        let read = self.inner.chats(chats);
        self.faults.around(Call::Read, read).await
    }

    async fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        let read = self.inner.members(chat, after, limit);
        self.faults.around(Call::Read, read).await
    }

    async fn chat_up_to(&self, chat: ChatId, head: Seq) -> EngineResult<Option<ChatRow>> {
        let read = self.inner.chat_up_to(chat, head);
        self.faults.around(Call::Read, read).await
    }

    async fn members_up_to(
        &self,
        chat: ChatId,
        head: Seq,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        let read = self.inner.members_up_to(chat, head, after, limit);
        self.faults.around(Call::Read, read).await
    }

    async fn memberships(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> EngineResult<Vec<Option<Membership>>> {
        let read = self.inner.memberships(chat, users);
        self.faults.around(Call::LookUp, read).await
    }

    async fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        let read = self.inner.chats_of(user, after, limit);
        self.faults.around(Call::List, read).await
    }

    async fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>> {
        let read = self.inner.marks(chat, after, limit);
        self.faults.around(Call::Read, read).await
    }

    async fn put_marks(&self, marks: Vec<(ChatId, UserId, MarkRow, Stamp)>) -> EngineResult<()> {
        let put = self.inner.put_marks(marks);
        self.faults.around(Call::Write, put).await
    }

    async fn put_preferences(
        &self,
        chat: ChatId,
        user: &UserId,
        preferences: PreferencesRow,
    ) -> EngineResult<()> {
        let put = self.inner.put_preferences(chat, user, preferences);
        self.faults.around(Call::Write, put).await
    }

    async fn register_pair(
        &self,
        one: &UserId,
        other: &UserId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        let register = self.inner.register_pair(one, other, chat);
        self.faults.around(Call::Write, register).await
    }

    async fn register_request(
        &self,
        user: &UserId,
        request: &ClientId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        let register = self.inner.register_request(user, request, chat);
        self.faults.around(Call::Write, register).await
    }

    async fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        let read = self.inner.all_chats(after, limit);
        self.faults.around(Call::Read, read).await
    }
}
