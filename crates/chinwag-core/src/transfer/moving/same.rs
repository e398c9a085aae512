//! Whether both sides hold the same chats.

use std::sync::atomic::Ordering::Relaxed;

use chinwag_proto::{ChatId, Seq};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    CHATS_AT_ONCE, Moving, MovingError, PAGE,
    chats::{belongings, chat_row, head, memberships_after, placed_anew, rows_between},
    people::same,
    persistence::persistently,
};

impl Moving {
    pub(super) async fn compare_chats(&self) -> Result<(), MovingError> {
        let mut after = None;
        loop {
            let chats = self.from.directory.all_chats(after, PAGE).await?;
            let copied = persistently(|| self.to.directory.all_chats(after, PAGE));
            same(chats == copied.await?, || "the list of chats".into())?;
            let Some(last) = chats.last() else {
                return Ok(());
            };
            after = Some(*last);
            stream::iter(chats)
                .map(Ok)
                .try_for_each_concurrent(CHATS_AT_ONCE, |chat| self.compare_chat(chat))
                .await?;
        }
    }

    async fn compare_chat(&self, id: ChatId) -> Result<(), MovingError> {
        let row = chat_row(&self.from, id).await?;
        let copy = persistently(|| chat_row(&self.to, id)).await?;
        same(row == copy, || format!("chat {id}"))?;
        self.compare_members(id).await?;
        if row.is_some_and(|row| row.deleted) {
            self.compare_ends(id).await?;
        } else {
            self.compare_events(id).await?;
        }
        self.counts.chats.fetch_add(1, Relaxed);
        Ok(())
    }

    async fn compare_members(&self, id: ChatId) -> Result<(), MovingError> {
        let mut after = None;
        loop {
            let members = memberships_after(&self.from, id, after.as_ref()).await?;
            let copied = persistently(|| memberships_after(&self.to, id, after.as_ref())).await?;
            for (member, copy) in members.iter().zip(&copied) {
                same(member == copy, || {
                    format!("the membership of {} in chat {id}", member.member.user)
                })?;
            }
            same(members.len() == copied.len(), || {
                format!("the members of chat {id}")
            })?;
            let Some(last) = members.last() else {
                return Ok(());
            };
            after = Some(last.member.user.clone());
        }
    }

    /// Compares what is left of a deleted chat.
    async fn compare_ends(&self, id: ChatId) -> Result<(), MovingError> {
        let last = head(&self.from, id).await?.map(placed_anew);
        let copy = persistently(|| head(&self.to, id)).await?;
        same(last == copy, || format!("the end of chat {id}"))?;
        self.counts
            .events
            .fetch_add(u64::from(last.is_some()), Relaxed);
        Ok(())
    }

    async fn compare_events(&self, id: ChatId) -> Result<(), MovingError> {
        let end = Seq(u64::MAX >> 24);
        let mut from = Seq(1);
        loop {
            let rows = rows_between(&self.from, id, from, end).await?;
            let copied = persistently(|| rows_between(&self.to, id, from, end)).await?;
            for (row, copy) in rows.iter().zip(&copied) {
                let place = row.seq;
                same(placed_anew(row.clone()) == *copy, || {
                    format!("place {place} of chat {id}")
                })?;
                let belonging = belongings(&self.from, id, row).await?;
                let copied = persistently(|| belongings(&self.to, id, copy)).await?;
                same(belonging == copied, || {
                    format!(
                        "the versions or reactions of the message at place {place} of chat {id}"
                    )
                })?;
            }
            same(rows.len() == copied.len(), || {
                format!("the number of events of chat {id}")
            })?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            let next = last.seq.next();
            self.counts.events.fetch_add(next.0 - from.0, Relaxed);
            from = next;
        }
    }
}
