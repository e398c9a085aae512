//! A chat as one member sees it: its end, what is unread, the member's own marks and settings.

use chinwag_proto::{
    ChatId, Problem, Seq,
    shapes::{Chat, ChatHead, ChatType, Marks},
};

use super::{Reads, access::View, unread::Counts};
use crate::{
    model::{ChatRow, LogRow, Membership},
    owner::no_such_chat,
};

/// What a member has read of a chat.
pub(super) struct Read {
    /// The last place.
    pub(super) through: Seq,
    /// Messages up to it.
    pub(super) count: u64,
}

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
        let ids: Vec<ChatId> = views.iter().map(|view| view.chat).collect();
        let chats = self.ports.directory.chats(&ids).await?;
        let reads: Vec<Read> = self.reads(views, &chats).await?;
        let mut summaries = Vec::with_capacity(views.len());
        let parts = views.iter().zip(heads).zip(lasts).zip(reads);
        for ((((view, head), last), read), chat) in parts.zip(chats) {
            let Some(chat) = chat.filter(|chat| !chat.deleted) else {
                continue;
            };
            let counts = self.unread(view, read.through, head.count, read.count);
            let counts = counts.await?;
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
        counts: Counts,
        last: Option<LogRow>,
    ) -> Result<Chat, Problem> {
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

    /// Reads up to which place each member has read, and how many messages there are up to it.
    pub(super) async fn reads(
        &self,
        views: &[View],
        chats: &[Option<ChatRow>],
    ) -> Result<Vec<Read>, Problem> {
        let places: Vec<Seq> = views
            .iter()
            .zip(chats)
            .map(|(view, chat)| {
                let Membership { member, marks, .. } = &view.membership;
                // A chat that is gone meanwhile is left out.
                chat.as_ref()
                    .map_or(view.head, |chat| member.unread_after(marks, chat))
            })
            .collect();
        let counts_from_row = |view: &View, read: Seq| read > Seq::ZERO && read < view.head;
        let read_places: Vec<_> = views
            .iter()
            .zip(&places)
            .filter(|(view, read)| counts_from_row(view, **read))
            .map(|(view, read)| (view.chat, *read))
            .collect();
        let mut rows = self.rows(&read_places).await?.into_iter();
        let mut reads = Vec::with_capacity(views.len());
        for (view, through) in views.iter().zip(places) {
            // At or above the head nothing is unread, which `unread` sees from the place itself.
            let mut count = 0;
            if counts_from_row(view, through) {
                match rows.next().flatten() {
                    Some(row) => count = row.count,
                    None => return Err(self.missing(view.chat, through).await),
                }
            }
            reads.push(Read { through, count });
        }
        Ok(reads)
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
