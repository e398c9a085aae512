//! Chats, members, marks.

use async_trait::async_trait;
use chinwag_proto::{ChatId, ClientId, Seq, UserId};

use super::{EngineResult, message_store::Stamp};
use crate::model::{ChatRow, MarkRow, MemberRow, Membership, PreferencesRow};

/// Keeps chats, memberships, marks and settings.
///
/// - Chats and memberships are written by [`super::MessageStore::append`] alone, together with the event that
///   causes them; here they are read. Every confirmed write is seen by every later read (cluster: quorum).
/// - `put_marks` and `put_preferences` are durable when they answer `Ok`; a mark under a lower stamp loses.
/// - The two `register_` calls happen once: whoever comes second gets the first one's chat, also when both come
///   at once, and for ever.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Reads chats; the answer has the order and length of the question. Deleted chats are there, marked.
    async fn chats(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<ChatRow>>>;

    /// Reads members of a chat in order of user id (bytes), those who left too, after one, at most `limit`.
    async fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>>;

    /// Reads a chat as the events up to a place left it. What a later place changed may be nobody's (rule T2), and
    /// doesn't count. Embedded nothing is late, and nothing later is there.
    async fn chat_up_to(&self, chat: ChatId, _head: Seq) -> EngineResult<Option<ChatRow>> {
        Ok(self.chats(&[chat]).await?.pop().flatten())
    }

    /// Reads members as [`Directory::members`] does, as the events up to a place left them.
    async fn members_up_to(
        &self,
        chat: ChatId,
        _head: Seq,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.members(chat, after, limit).await
    }

    /// Reads some users' memberships of one chat; the answer has the order and length of the question.
    async fn memberships(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> EngineResult<Vec<Option<Membership>>>;

    /// Reads a user's memberships in order of chat id, those that ended too, after one, at most `limit`.
    async fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>>;

    /// Reads the marks of a chat's users in order of user id (bytes), after one, at most `limit`.
    async fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>>;

    /// Writes marks. `Stamp::seq` is the time of the ids' clock, in milliseconds since 2026 (rule A5).
    async fn put_marks(&self, marks: Vec<(ChatId, UserId, MarkRow, Stamp)>) -> EngineResult<()>;

    /// Writes a user's settings of a chat.
    async fn put_preferences(
        &self,
        chat: ChatId,
        user: &UserId,
        preferences: PreferencesRow,
    ) -> EngineResult<()>;

    /// Registers the direct chat of a pair (in either order) and answers the chat that holds.
    async fn register_pair(
        &self,
        one: &UserId,
        other: &UserId,
        chat: ChatId,
    ) -> EngineResult<ChatId>;

    /// Registers the chat that a user's request made and answers the chat that holds.
    async fn register_request(
        &self,
        user: &UserId,
        request: &ClientId,
        chat: ChatId,
    ) -> EngineResult<ChatId>;

    /// Reads every chat's id, rising, after one, at most `limit`: for exports, rebuilds and checks.
    async fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>>;
}
