//! `Directory`.

use async_trait::async_trait;
use chinwag_core::{
    model::{ChatRow, MarkRow, MemberRow, Membership, PreferencesRow},
    ports::{Directory, EngineResult, Stamp},
};
use chinwag_proto::{ChatId, ClientId, UserId};

use super::{
    batch::Batch,
    cells,
    embedded::Embedded,
    error::undecodable,
    keys::{self, Key, Kind},
    view::{INLINE_ITEMS, INLINE_ROWS, View, off_thread, run},
};

/// What stands before the user in the key of a row of one user in one chat: kind and chat.
const CHAT_KEY_BYTES: usize = 9;

#[async_trait]
impl Directory for Embedded {
    async fn chats(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<ChatRow>>> {
        self.read_many(chats.to_vec(), |view, chat| view.chat(chat))
            .await
    }

    async fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        let (view, after) = (self.inner.view.clone(), after.cloned());
        run(INLINE_ROWS, limit, move |limit| {
            view.members(chat, after.as_ref(), limit)
        })
        .await
    }

    async fn memberships(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> EngineResult<Vec<Option<Membership>>> {
        self.read_many(users.to_vec(), move |view, user| {
            view.membership(chat, &user)
        })
        .await
    }

    async fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        let (view, user) = (self.inner.view.clone(), user.clone());
        run(INLINE_ITEMS, limit, move |limit| {
            view.chats_of(&user, after, limit)
        })
        .await
    }

    async fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>> {
        let (view, after) = (self.inner.view.clone(), after.cloned());
        off_thread(move || view.marks(chat, after.as_ref(), limit)).await
    }

    async fn put_marks(&self, marks: Vec<(ChatId, UserId, MarkRow, Stamp)>) -> EngineResult<()> {
        if marks.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = marks
            .into_iter()
            .map(|(chat, user, marks, stamp)| {
                let key = keys::in_chat(Kind::Mark, chat, &user);
                (key, cells::stamped(stamp, &marks))
            })
            .collect();
        let write = move |batch: &mut Batch| {
            rows.into_iter()
                .try_for_each(|(key, value)| batch.put_stamped(key, value))
        };
        self.inner.write(0, write).await
    }

    async fn put_preferences(
        &self,
        chat: ChatId,
        user: &UserId,
        preferences: PreferencesRow,
    ) -> EngineResult<()> {
        let key = keys::in_chat(Kind::Preferences, chat, user);
        let value = cells::encode(&preferences);
        let write = move |batch: &mut Batch| {
            batch.put(key, value);
            Ok(())
        };
        self.inner.write(0, write).await
    }

    async fn register_pair(
        &self,
        one: &UserId,
        other: &UserId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        self.register(keys::pair(one, other), chat).await
    }

    async fn register_request(
        &self,
        user: &UserId,
        request: &ClientId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        self.register(keys::request(user, request), chat).await
    }

    async fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        let view = self.inner.view.clone();
        off_thread(move || view.all_chats(after, limit)).await
    }
}

impl Embedded {
    /// Writes a chat under a key that has none, and returns the one that holds.
    async fn register(&self, key: Key, chat: ChatId) -> EngineResult<ChatId> {
        let write = move |batch: &mut Batch| {
            if let Some(first) = batch.get(&key)? {
                return cells::read_number(&first).map(ChatId);
            }
            batch.put(key, cells::number(chat.0));
            Ok(chat)
        };
        self.inner.write(0, write).await
    }
}

impl View {
    /// Reads a chat.
    pub(super) fn chat(&self, chat: ChatId) -> EngineResult<Option<ChatRow>> {
        let row = self.get(&keys::of_chat(Kind::Chat, chat))?;
        row.map(|row| cells::unstamped(&row, "chat")).transpose()
    }

    /// Reads ids of chats.
    pub(super) fn all_chats(
        &self,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<ChatId>> {
        let after = after.map(|chat| keys::of_chat(Kind::Chat, chat));
        self.prefix_after(&Key::of(Kind::Chat), after)
            .take(limit)
            .map(|row| {
                let chat = keys::number_at(&row?.0, 1);
                chat.map(ChatId).ok_or_else(|| undecodable("chat key"))
            })
            .collect()
    }

    /// Reads members of a chat.
    pub(super) fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        let after = after.map(|user| keys::in_chat(Kind::Member, chat, user));
        self.prefix_after(&keys::of_chat(Kind::Member, chat), after)
            .take(limit)
            .map(|row| cells::unstamped(&row?.1, "member"))
            .collect()
    }

    /// Reads all of one user in one chat.
    pub(super) fn membership(
        &self,
        chat: ChatId,
        user: &UserId,
    ) -> EngineResult<Option<Membership>> {
        let Some(member) = self.get(&keys::in_chat(Kind::Member, chat, user))? else {
            return Ok(None);
        };
        let marks = match self.get(&keys::in_chat(Kind::Mark, chat, user))? {
            Some(row) => cells::unstamped(&row, "mark")?,
            None => MarkRow::default(),
        };
        let preferences = match self.get(&keys::in_chat(Kind::Preferences, chat, user))? {
            Some(row) => cells::plain(&row, "preference")?,
            None => PreferencesRow::default(),
        };
        Ok(Some(Membership {
            member: cells::unstamped(&member, "member")?,
            marks,
            preferences,
        }))
    }

    /// Reads a user's memberships.
    pub(super) fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        let prefix = keys::of_user(Kind::ChatOfUser, user);
        let after = after.map(|chat| keys::chat_of_user(user, chat));
        let mut found = Vec::new();
        for row in self.prefix_after(&prefix, after) {
            if found.len() == limit {
                break;
            }
            let chat = keys::number_at(&row?.0, prefix.as_slice().len())
                .ok_or_else(|| undecodable("chat of a user"))?;
            found.extend(self.membership(ChatId(chat), user)?);
        }
        Ok(found)
    }

    /// Reads marks of a chat's users.
    pub(super) fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>> {
        let after = after.map(|user| keys::in_chat(Kind::Mark, chat, user));
        self.prefix_after(&keys::of_chat(Kind::Mark, chat), after)
            .take(limit)
            .map(|row| {
                let (key, value) = row?;
                let user = keys::user_from(&key, CHAT_KEY_BYTES);
                let user = user.ok_or_else(|| undecodable("mark key"))?;
                Ok((user, cells::unstamped(&value, "mark")?))
            })
            .collect()
    }
}
