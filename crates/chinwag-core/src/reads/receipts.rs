//! How far the members have read.

use std::collections::BTreeSet;

use chinwag_proto::{
    ChatId, MessageId, Problem, Seq, UserId,
    http::{PageQuery, ReceiptsPage},
    shapes::{Receipt, ReceiptCount},
};

use super::{
    Reads,
    access::View,
    budget::{Budget, page_limit},
    opaque::{self, Kind},
};
use crate::{
    model::{MarkRow, Place},
    owner::{Caller, no_such_chat},
};

/// Up to so many members all marks come at once; above, counts, and the marks by page.
const ALL_AT_ONCE: u32 = 100;
/// Marks read in one step of the count.
const STEP: usize = 1_000;

impl Reads {
    /// Reads the members' marks: everyone's up to 100 members, else counts at the last message and a page.
    ///
    /// The counts come with the first page; they cost a pass over the marks of the chat.
    pub async fn receipts(
        &self,
        caller: &Caller,
        chat: ChatId,
        page: PageQuery,
    ) -> Result<ReceiptsPage, Problem> {
        let limit = page_limit(page.limit, &self.limits)?;
        let after: Option<UserId> = opaque::cursor(Kind::Receipts, page.cursor.as_deref())?;
        let view = self.view(caller, chat).await?;
        let rows = self.ports.directory.chats(&[chat]).await?;
        let row = rows.into_iter().next().flatten().ok_or_else(no_such_chat)?;
        let large = row.members > ALL_AT_ONCE;
        let counts = match (large, &after) {
            (true, None) => self.counts(&view).await?,
            _ => None,
        };
        let limit = if large {
            limit
        } else {
            limit.max(row.members as usize)
        };
        let found = self.active_members(chat, after, limit).await?;
        let users: Vec<UserId> = found.members.into_iter().map(|row| row.user).collect();
        let mut budget = Budget::new(&self.limits);
        let complete = users.len();
        let receipts = self.receipts_of(&view, users).await?;
        let fitting = receipts.into_iter().take_while(|item| budget.take(item));
        let receipts: Vec<Receipt> = fitting.collect();
        let next = match receipts.last() {
            Some(last) if receipts.len() < complete => Some(last.user_id.clone()),
            _ => found.next,
        };
        Ok(ReceiptsPage {
            receipts,
            counts,
            next_cursor: next.map(|user| opaque::write(Kind::Receipts, &user)),
        })
    }

    async fn receipts_of(&self, view: &View, users: Vec<UserId>) -> Result<Vec<Receipt>, Problem> {
        let directory = &self.ports.directory;
        let memberships = directory.memberships(view.chat, &users).await?;
        let receipts = users.into_iter().zip(memberships);
        Ok(receipts
            .map(|(user, membership)| {
                let marks = membership.map(|membership| membership.marks);
                receipt(view, user, &marks.unwrap_or_default())
            })
            .collect())
    }

    /// Counts the active members whose marks are at or past the last message that the caller may see.
    async fn counts(&self, view: &View) -> Result<Option<ReceiptCount>, Problem> {
        let above = view.head.next();
        let Some(last) = self.last_message_below(view, above).await? else {
            return Ok(None);
        };
        let reached = |mark: Option<Place>| mark.is_some_and(|mark| mark.seq >= last.seq);
        let (mut delivered, mut read) = (0, 0);
        let mut after: Option<UserId> = None;
        loop {
            let directory = &self.ports.directory;
            let marks = directory.marks(view.chat, after.as_ref(), STEP).await?;
            let exhausted = marks.len() < STEP;
            after = marks.last().map(|(user, _)| user.clone());
            let there = marks
                .into_iter()
                .filter(|(_, marks)| reached(marks.delivered) || reached(marks.read));
            let (users, marks): (Vec<UserId>, Vec<MarkRow>) = there.unzip();
            let active = self.active_among(view.chat, &users).await?;
            for (user, marks) in users.iter().zip(marks) {
                if active.contains(user) {
                    // What was read has arrived, whatever the delivered mark says.
                    delivered += 1;
                    read += u32::from(reached(marks.read));
                }
            }
            if exhausted {
                return Ok(Some(ReceiptCount {
                    chat_id: view.chat,
                    message_id: last.id,
                    delivered,
                    read,
                }));
            }
        }
    }

    /// Tells which of the users are members of a chat now.
    pub(super) async fn active_among(
        &self,
        chat: ChatId,
        users: &[UserId],
    ) -> Result<BTreeSet<UserId>, Problem> {
        if users.is_empty() {
            return Ok(BTreeSet::new());
        }
        let memberships = self.ports.directory.memberships(chat, users).await?;
        let active = memberships.into_iter().flatten();
        let active = active.filter(|membership| membership.member.active);
        Ok(active.map(|membership| membership.member.user).collect())
    }
}

fn receipt(view: &View, user: UserId, marks: &MarkRow) -> Receipt {
    // A mark at a message that the caller may not see says nothing to them.
    let visible = |mark: Option<Place>| -> Option<MessageId> {
        let seen = |seq: Seq| seq <= view.head && view.intervals().contains(seq);
        mark.filter(|mark| seen(mark.seq)).map(|mark| mark.id)
    };
    Receipt {
        chat_id: view.chat,
        user_id: user,
        delivered_message_id: visible(marks.delivered),
        last_read_message_id: visible(marks.read),
    }
}

#[cfg(test)]
mod tests;
