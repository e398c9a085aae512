//! How a chat is listened to from its members' first session on.

use std::sync::Arc;

use chinwag_core::{
    model::{ChatRow, MemberRow},
    ports::{EngineError, EngineResult},
};
use chinwag_proto::{ChatId, Seq, UserId, frames::ServerFrame};

use super::LargeChat;
use crate::{
    gateway::{Gateway, encode},
    ws::Class,
};

/// Memberships read at a time when a user connects.
const PAGE: usize = 500;

/// A page of a user's chats: the large ones that they are in.
pub(super) struct LargePage {
    pub(super) members: Vec<MemberRow>,
    /// After which chat the next one begins; none: it is the last.
    pub(super) next: Option<ChatId>,
}

/// Large chats that a user is expected in, with where they joined.
type Expected = Vec<(Arc<LargeChat>, Seq)>;

impl Gateway {
    /// Begins to listen to a user's large chats: subscribed before the head is read, and that before `ready`.
    pub(in crate::gateway) async fn listen_for(&self, user: &UserId) -> EngineResult<()> {
        let mut after = None;
        let mut became_a_member = false;
        loop {
            let page = self.large_page(user, after).await?;
            let mut expected = Expected::new();
            let found = self.look_twice(user, after, page.members, &mut expected);
            let found = found.await;
            became_a_member |= !expected.is_empty();
            let members = found.as_deref().unwrap_or_default();
            for (chat, joined) in expected {
                let is_there =
                    |member: &MemberRow| (member.chat, member.joined_seq) == (chat.id, joined);
                let is_there = members.iter().any(is_there);
                self.topics.admit(&chat, user, joined, is_there);
            }
            found?;
            match page.next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        if became_a_member {
            // Word of the joining was still waiting for an engine, and now nothing is left for it to do.
            self.let_sessions_fetch(user);
        }
        Ok(())
    }

    /// Subscribes to the large chats of one look and, where the user is not known yet, expects them and looks again:
    /// whoever left before they were expected is seen only by that. Until it was seen, nothing reaches them.
    async fn look_twice(
        &self,
        user: &UserId,
        after: Option<ChatId>,
        members: Vec<MemberRow>,
        expected: &mut Expected,
    ) -> EngineResult<Vec<MemberRow>> {
        for member in members {
            let (id, joined) = (member.chat, member.joined_seq);
            let mut is_new = false;
            let enter = |members: &super::Members| is_new = members.expect(member);
            let chat = self.topics.enter_chat(id, enter);
            if is_new {
                expected.push((Arc::clone(&chat), joined));
            }
            self.begin_topic(&chat).await?;
        }
        if expected.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.large_page(user, after).await?.members)
    }

    /// Lets a user's sessions here fetch what was said in a chat before the user became a member of it here.
    pub(super) fn let_sessions_fetch(&self, user: &UserId) {
        let frame = encode::frame(&ServerFrame::Resync { after_ms: 0 });
        self.registry.send([user], &frame, Class::Event, None);
    }

    /// Reads a page of a user's chats: the large ones that they are in.
    pub(super) async fn large_page(
        &self,
        user: &UserId,
        after: Option<ChatId>,
    ) -> EngineResult<LargePage> {
        let directory = &self.ports.directory;
        let page = directory.chats_of(user, after, PAGE).await?;
        let is_last = page.len() < PAGE;
        let next = page.last().map(|membership| membership.member.chat);
        let active: Vec<_> = page
            .into_iter()
            .map(|found| found.member)
            .filter(|member| member.active)
            .collect();
        let ids: Vec<ChatId> = active.iter().map(|member| member.chat).collect();
        let rows = directory.chats(&ids).await?;
        let is_large = |row: Option<ChatRow>| row.is_some_and(|row| row.large && !row.deleted);
        let members = active.into_iter().zip(rows);
        Ok(LargePage {
            next: next.filter(|_| !is_last),
            members: members
                .filter_map(|(member, row)| is_large(row).then_some(member))
                .collect(),
        })
    }

    /// Subscribes, then reads the head; once a chat, however many ask.
    pub(super) async fn begin_topic(&self, chat: &LargeChat) -> EngineResult<()> {
        let begin = || async {
            self.topics.subscribe(chat.id).await?;
            let head = self.head_of(chat.id).await?;
            self.begin_order(chat, head);
            EngineResult::Ok(())
        };
        chat.begun.get_or_try_init(begin).await?;
        Ok(())
    }

    pub(super) async fn head_of(&self, id: ChatId) -> EngineResult<Seq> {
        let heads = self.ports.owner.heads(&[id]).await;
        let heads = heads.map_err(|problem| EngineError::Unavailable(problem.to_string()))?;
        Ok(heads
            .into_iter()
            .flatten()
            .next()
            .map_or(Seq::ZERO, |head| head.seq))
    }
}
