//! [`Directory`] in memory.

use std::{collections::BTreeMap, ops::Bound};

use async_trait::async_trait;
use chinwag_proto::{ChatId, ClientId, Seq, UserId};

use super::store::{MemoryStore, State, put};
use crate::{
    model::{ChatRow, MarkRow, MemberRow, Membership, PreferencesRow},
    ports::{Directory, EngineResult, Stamp},
};

#[async_trait]
impl Directory for MemoryStore {
    async fn chats(&self, chats: &[ChatId]) -> EngineResult<Vec<Option<ChatRow>>> {
        let state = self.state();
        let row = |chat: &ChatId| state.chat(*chat, Seq::MAX).cloned();
        Ok(chats.iter().map(row).collect())
    }

    async fn members(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        self.members_up_to(chat, Seq::MAX, after, limit).await
    }

    async fn chat_up_to(&self, chat: ChatId, head: Seq) -> EngineResult<Option<ChatRow>> {
        Ok(self.state().chat(chat, head).cloned())
    }

    async fn members_up_to(
        &self,
        chat: ChatId,
        head: Seq,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<MemberRow>> {
        let state = self.state();
        let states = page(&state.members, chat, after);
        let members = states.filter_map(|(_, states)| state.newest_held(chat, states, head));
        let members = members.take(limit);
        Ok(members.map(|member| member.value.clone()).collect())
    }

    async fn memberships(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> EngineResult<Vec<Option<Membership>>> {
        let state = self.state();
        let membership = |user| state.membership(chat, user);
        Ok(users.iter().map(membership).collect())
    }

    async fn chats_of(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        limit: usize,
    ) -> EngineResult<Vec<Membership>> {
        let state = self.state();
        let from = match after {
            Some(after) => Bound::Excluded((user.clone(), after)),
            None => Bound::Included((user.clone(), ChatId(0))),
        };
        let chats = state
            .chats_of
            .range((from, Bound::Unbounded))
            .take_while(|(of, _)| of == user);
        Ok(chats
            .filter_map(|(_, chat)| state.membership(*chat, user))
            .take(limit)
            .collect())
    }

    async fn marks(
        &self,
        chat: ChatId,
        after: Option<&UserId>,
        limit: usize,
    ) -> EngineResult<Vec<(UserId, MarkRow)>> {
        let state = self.state();
        let marks = page(&state.marks, chat, after).take(limit);
        Ok(marks
            .map(|(user, marks)| (user.clone(), marks.value.clone()))
            .collect())
    }

    async fn put_marks(&self, marks: Vec<(ChatId, UserId, MarkRow, Stamp)>) -> EngineResult<()> {
        let mut state = self.state();
        for (chat, user, row, stamp) in marks {
            put(&mut state.marks, (chat, user), stamp, row);
        }
        Ok(())
    }

    async fn put_preferences(
        &self,
        chat: ChatId,
        user: &UserId,
        preferences: PreferencesRow,
    ) -> EngineResult<()> {
        let mut state = self.state();
        state.preferences.insert((chat, user.clone()), preferences);
        Ok(())
    }

    async fn register_pair(
        &self,
        one: &UserId,
        other: &UserId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        let pair = (one.min(other).clone(), one.max(other).clone());
        Ok(*self.state().pairs.entry(pair).or_insert(chat))
    }

    async fn register_request(
        &self,
        user: &UserId,
        request: &ClientId,
        chat: ChatId,
    ) -> EngineResult<ChatId> {
        let request = (user.clone(), request.clone());
        Ok(*self.state().requests.entry(request).or_insert(chat))
    }

    async fn all_chats(&self, after: Option<ChatId>, limit: usize) -> EngineResult<Vec<ChatId>> {
        let state = self.state();
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let chats = state.chats.range((from, Bound::Unbounded));
        let chats = chats.map(|(chat, _)| *chat);
        let made = chats.filter(|chat| state.chat(*chat, Seq::MAX).is_some());
        Ok(made.take(limit).collect())
    }
}

impl State {
    fn chat(&self, chat: ChatId, head: Seq) -> Option<&ChatRow> {
        let states = self.chats.get(&chat)?;
        Some(&self.newest_held(chat, states, head)?.value)
    }

    fn membership(&self, chat: ChatId, user: &UserId) -> Option<Membership> {
        let key = (chat, user.clone());
        let states = self.members.get(&key)?;
        let member = self.newest_held(chat, states, Seq::MAX)?.value.clone();
        let marks = self.marks.get(&key).map(|cell| cell.value.clone());
        let preferences = self.preferences.get(&key).cloned();
        Some(Membership {
            member,
            marks: marks.unwrap_or_default(),
            preferences: preferences.unwrap_or_default(),
        })
    }
}

/// Reads a chat's rows in order of user, after one.
fn page<'c, T>(
    cells: &'c BTreeMap<(ChatId, UserId), T>,
    chat: ChatId,
    after: Option<&'c UserId>,
) -> impl Iterator<Item = (&'c UserId, &'c T)> {
    cells
        .iter()
        .filter(move |((of, user), _)| *of == chat && after.is_none_or(|after| user > after))
        .map(|((_, user), cell)| (user, cell))
}
