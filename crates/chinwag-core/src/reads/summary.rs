//! A chat as one member sees it: its end, what is unread, the member's own marks and settings.

use chinwag_proto::{
    ChatId, Problem, Seq,
    shapes::{Chat, ChatHead, ChatType, Marks},
};

use super::{Reads, access::View};
use crate::{
    model::{ChatRow, LogRow},
    owner::no_such_chat,
};

impl Reads {
    /// Sums chats up, each at its view's head; chats that were deleted meanwhile are left out.
    ///
    /// Three batched reads for all of them, and for each chat those that only it needs: unread rows, the caller's
    /// reactions to its last message, a direct chat's members.
    pub(super) async fn summaries(&self, views: &[View]) -> Result<Vec<Chat>, Problem> {
        if views.is_empty() {
            return Ok(Vec::new());
        }
        let heads = self.head_rows(views).await?;
        let lasts = self.last_messages(views, &heads).await?;
        let read_counts = self.read_counts(views).await?;
        let ids: Vec<ChatId> = views.iter().map(|view| view.chat).collect();
        let chats = self.ports.directory.chats(&ids).await?;
        let mut summaries = Vec::with_capacity(views.len());
        let parts = views.iter().zip(heads).zip(lasts).zip(read_counts);
        for ((((view, head), last), read_count), chat) in parts.zip(chats) {
            let Some(chat) = chat.filter(|chat| !chat.deleted) else {
                continue;
            };
            let counts = (head.count, read_count);
            summaries.push(self.summary(view, &chat, counts, last).await?);
        }
        self.add_direct_members(&mut summaries).await?;
        Ok(summaries)
    }

    /// Sums one chat up.
    pub(super) async fn one_summary(&self, view: &View) -> Result<Chat, Problem> {
        let summaries = self.summaries(std::slice::from_ref(view)).await?;
        summaries.into_iter().next().ok_or_else(no_such_chat)
    }

    async fn summary(
        &self,
        view: &View,
        chat: &ChatRow,
        (head_count, read_count): (u64, u64),
        last: Option<LogRow>,
    ) -> Result<Chat, Problem> {
        let counts = self.unread(view, head_count, read_count).await?;
        let last_message = match last {
            Some(row) => self.messages_of(view, &[row]).await?.into_iter().next(),
            None => None,
        };
        let membership = &view.membership;
        Ok(Chat {
            id: view.chat,
            kind: chat.kind,
            name: chat.name.clone(),
            role: membership.member.role,
            epoch: view.epoch,
            head: ChatHead {
                seq: view.head,
                last_message,
            },
            unread: counts.unread,
            unread_capped: counts.capped.then_some(true),
            mentions: counts.mentions,
            marks: Marks {
                delivered: membership.marks.delivered.map(|place| place.id),
                read: membership.marks.read.map(|place| place.id),
            },
            members: None,
            member_count: chat.members,
            history_visible: (chat.kind == ChatType::Group).then_some(chat.history_visible),
            muted_until: membership.preferences.muted_until,
            push: membership.preferences.push,
        })
    }

    /// Reads how many messages there are up to the place that each member has read.
    async fn read_counts(&self, views: &[View]) -> Result<Vec<u64>, Problem> {
        let read = |view: &View| view.membership.member.unread_after(&view.membership.marks);
        let counts_from_row = |view: &View| read(view) > Seq::ZERO && read(view) < view.head;
        let places: Vec<_> = views
            .iter()
            .filter(|view| counts_from_row(view))
            .map(|view| (view.chat, read(view)))
            .collect();
        let mut rows = self.rows(&places).await?.into_iter();
        let mut counts = Vec::with_capacity(views.len());
        for view in views {
            if !counts_from_row(view) {
                // At or above the head nothing is unread, which `unread` sees from the place itself.
                counts.push(0);
                continue;
            }
            match rows.next().flatten() {
                Some(row) => counts.push(row.count),
                None => return Err(self.missing(view.chat, read(view)).await),
            }
        }
        Ok(counts)
    }

    async fn add_direct_members(&self, chats: &mut [Chat]) -> Result<(), Problem> {
        for chat in chats {
            if chat.kind == ChatType::Direct {
                chat.members = Some(self.first_members(chat.id, 2).await?);
            }
        }
        Ok(())
    }
}
