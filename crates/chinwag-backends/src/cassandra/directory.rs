//! `Directory`.

use async_trait::async_trait;
use chinwag_core::{
    model::{ChatRow, MarkRow, MemberRow, Membership, PreferencesRow},
    ports::{Directory, EngineError, EngineResult, Stamp},
};
use chinwag_proto::{ChatId, ClientId, Seq, UserId};

use super::{
    append::encode,
    cql::each,
    held::decode,
    keys::{chat_from, chat_key, stamp_key, user_from},
    store::Cassandra,
};

#[async_trait]
impl Directory for Cassandra {
    async fn chats(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<ChatRow>>> {
        self.chat_rows(chats, Seq::MAX).await
    }

    async fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.member_rows(chat, Seq::MAX, after, limit).await
    }

    async fn chat_up_to(&self, chat: ChatId, head: Seq) -> EngineResult<Option<ChatRow>> {
        Ok(self.chat_rows(&[chat], head).await?.pop().flatten())
    }

    async fn members_up_to(
        &self,
        chat: ChatId,
        head: Seq,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.member_rows(chat, head, after, limit).await
    }

    async fn memberships(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> EngineResult<Vec<Option<Membership>>> {
        let asked: Vec<_> = users.iter().map(|user| (chat, user)).collect();
        self.membership_rows(&asked).await
    }

    async fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        self.memberships_of(user, after, limit).await
    }

    async fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>> {
        let after = after.map_or("", UserId::as_str);
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let values = (chat_key(chat), after, limit);
        let rows: Vec<(String, Vec<u8>)> = self.cql.rows(&self.statements.marks, values).await?;
        let row = |(user, cell): (String, Vec<u8>)| Ok((user_from(&user)?, decode(&cell, "mark")?));
        rows.into_iter().map(row).collect()
    }

    async fn put_marks(&self, marks: Vec<(ChatId, UserId, MarkRow, Stamp)>) -> EngineResult<()> {
        each(marks, async |(chat, user, row, stamp)| {
            let values = (
                chat_key(chat),
                user.as_str(),
                encode(&row),
                stamp_key(stamp),
            );
            self.cql.write(&self.statements.put_marks, values).await
        })
        .await
        .map(drop)
    }

    async fn put_preferences(
        &self,
        chat: ChatId,
        user: &UserId,
        preferences: PreferencesRow,
    ) -> EngineResult<()> {
        let (change, make) = (
            &self.statements.change_preferences,
            &self.statements.make_preferences,
        );
        let values = (encode(&preferences), user.as_str(), chat_key(chat));
        self.put_agreed(change, make, &values).await
    }

    async fn register_pair(
        &self,
        one: &UserId,
        other: &UserId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        let (low, high) = (one.min(other).as_str(), one.max(other).as_str());
        let values = (low, high, chat_key(chat));
        if self
            .cql
            .transact(&self.statements.make_pair, values)
            .await?
        {
            return Ok(chat);
        }
        let first: Option<(i64,)> = self.cql.row(&self.statements.pair, (low, high)).await?;
        first.map(|(chat,)| chat_from(chat)).ok_or_else(vanished)
    }

    async fn register_request(
        &self,
        user: &UserId,
        request: &ClientId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        let key = (user.as_str(), request.as_str());
        let values = (key.0, key.1, chat_key(chat));
        if self
            .cql
            .transact(&self.statements.make_request, values)
            .await?
        {
            return Ok(chat);
        }
        let first: Option<(i64,)> = self.cql.row(&self.statements.request, key).await?;
        first.map(|(chat,)| chat_from(chat)).ok_or_else(vanished)
    }

    async fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        self.listed_chats(after, limit).await
    }
}

/// A registration is there, and a moment later it isn't: nothing removes one.
fn vanished() -> EngineError {
    EngineError::Damaged("cassandra: a registration is gone".into())
}
