//! Chats: the log with what belongs to its messages, members with marks and settings, and the pair of a direct chat.

use std::sync::atomic::Ordering::Relaxed;

use chinwag_proto::{ChatId, Seq, UserId, shapes::ChatType};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    CHATS_AT_ONCE, Moving, MovingError, PAGE, Stores, TERM, check_registered,
    persistence::persistently,
};
use crate::{
    model::{ChatRow, LogRow, MarkRow, Membership, PreferencesRow},
    ports::{Append, EngineResult, Follow, GroupSet, ReadRange, Stamp},
};

impl Moving {
    pub(super) async fn copy_chats(&self) -> Result<(), MovingError> {
        let mut after = None;
        loop {
            let chats = self.from.directory.all_chats(after, PAGE).await?;
            let Some(last) = chats.last() else {
                return Ok(());
            };
            after = Some(*last);
            stream::iter(chats)
                .map(Ok)
                .try_for_each_concurrent(CHATS_AT_ONCE, |chat| self.copy_chat(chat))
                .await?;
        }
    }

    /// Copies a chat; its last event comes last, together with the chat's row and its members, so that a chat with it
    /// is there as a whole.
    async fn copy_chat(&self, id: ChatId) -> Result<(), MovingError> {
        let row = chat_row(&self.from, id).await?;
        let last = head(&self.from, id).await?;
        if let (Some(row), Some(last)) = (row, last) {
            let copied = persistently(|| head(&self.to, id)).await?;
            if copied.as_ref().map(|copy| (copy.seq, copy.id)) != Some((last.seq, last.id)) {
                // Of a deleted chat only the event that says so stays.
                if !row.deleted {
                    let copied = copied.map_or(Seq(0), |copy| copy.seq);
                    self.copy_events(id, copied, last.seq).await?;
                }
                self.copy_last(&row, last).await?;
            }
        }
        self.counts.chats.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Copies what lies before the last event. Up to a page before the copy's end is written again: a copy that was
    /// cut short may have left holes there.
    async fn copy_events(&self, id: ChatId, copied: Seq, last: Seq) -> Result<(), MovingError> {
        let mut from = Seq(copied.0.saturating_sub(PAGE as u64).max(1));
        while from < last {
            let rows = rows_between(&self.from, id, from, Seq(last.0 - 1)).await?;
            let Some(end) = rows.last() else {
                break;
            };
            let next = end.seq.next();
            let mut appends = Vec::with_capacity(rows.len());
            for row in rows {
                let follows = belongings(&self.from, id, &row).await?;
                appends.push(append(id, row, follows));
            }
            persistently(|| self.to.store.append(appends.clone())).await?;
            self.counts.events.fetch_add(next.0 - from.0, Relaxed);
            from = next;
        }
        Ok(())
    }

    async fn copy_last(&self, row: &ChatRow, last: LogRow) -> Result<(), MovingError> {
        let mut follows = belongings(&self.from, row.id, &last).await?;
        let mut pair = Vec::new();
        let mut after = None;
        loop {
            let members = memberships_after(&self.from, row.id, after.as_ref()).await?;
            let Some(end) = members.last() else {
                break;
            };
            after = Some(end.member.user.clone());
            self.copy_settings(&members).await?;
            for membership in members {
                pair.push(membership.member.user.clone());
                follows.push(Follow::Member(membership.member));
            }
        }
        if row.kind == ChatType::Direct
            && let [one, other] = pair.as_slice()
        {
            let directory = &self.to.directory;
            let register = || directory.register_pair(one, other, row.id);
            let holds = persistently(register).await?;
            check_registered(holds, row.id, "a direct chat")?;
        }
        follows.push(Follow::Chat(row.clone()));
        let whole = append(row.id, last, follows);
        persistently(|| self.to.store.append(vec![whole.clone()])).await?;
        self.counts.events.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Copies marks and settings.
    async fn copy_settings(&self, members: &[Membership]) -> EngineResult<()> {
        let marks: Vec<_> = members
            .iter()
            .filter(|membership| membership.marks != MarkRow::default())
            .map(|Membership { member, marks, .. }| {
                let millis = marks
                    .changed_at
                    .unix_millis()
                    .try_into()
                    .unwrap_or_default();
                let stamp = Stamp {
                    term: TERM,
                    seq: Seq(millis),
                };
                (member.chat, member.user.clone(), marks.clone(), stamp)
            })
            .collect();
        if !marks.is_empty() {
            persistently(|| self.to.directory.put_marks(marks.clone())).await?;
        }
        for Membership {
            member,
            preferences,
            ..
        } in members
        {
            if *preferences != PreferencesRow::default() {
                let (directory, user) = (&self.to.directory, &member.user);
                let put = || directory.put_preferences(member.chat, user, preferences.clone());
                persistently(put).await?;
            }
        }
        Ok(())
    }
}

/// Makes the append of an event as it is written in the target: confirmed, and by nobody who might come back.
fn append(chat: ChatId, row: LogRow, follows: Vec<Follow>) -> Append {
    Append {
        chat,
        row: placed_anew(row),
        follows,
        groups: GroupSet::NONE,
    }
}

/// Returns a row as it stands in the target.
pub(super) fn placed_anew(row: LogRow) -> LogRow {
    LogRow {
        term: TERM,
        confirmed: row.seq,
        ..row
    }
}

/// Reads a message's versions and reactions.
pub(super) async fn belongings(
    stores: &Stores,
    chat: ChatId,
    row: &LogRow,
) -> EngineResult<Vec<Follow>> {
    let mut follows = Vec::new();
    let Some(message) = row.message() else {
        return Ok(follows);
    };
    if message.edited_at.is_some() {
        let versions = stores.store.versions(chat, row.seq).await?;
        let keep = |(nth, version): (usize, _)| Follow::KeepVersion {
            message: row.seq,
            version,
            nth: u16::try_from(nth).unwrap_or(u16::MAX),
        };
        follows.extend(versions.into_iter().enumerate().map(keep));
    }
    if !message.reactions.is_empty() {
        let mut reactors = stores.store.reactors(chat, row.seq, usize::MAX).await?;
        reactors.sort_unstable();
        let put_on = |(key, user)| Follow::Reaction {
            message: row.seq,
            user,
            key,
            on: true,
        };
        follows.extend(reactors.into_iter().map(put_on));
    }
    Ok(follows)
}

pub(super) async fn chat_row(stores: &Stores, chat: ChatId) -> EngineResult<Option<ChatRow>> {
    let rows = stores.directory.chats(&[chat]).await?;
    Ok(rows.into_iter().next().flatten())
}

pub(super) async fn head(stores: &Stores, chat: ChatId) -> EngineResult<Option<LogRow>> {
    let heads = stores.store.heads(&[chat]).await?;
    Ok(heads.into_iter().next().flatten())
}

/// Reads a page of events.
pub(super) async fn rows_between(
    stores: &Stores,
    chat: ChatId,
    from: Seq,
    through: Seq,
) -> EngineResult<Vec<LogRow>> {
    let range = ReadRange::rising(from, through, PAGE);
    stores.store.read(chat, range).await
}

/// Reads a page of members, those who left too, with their marks and settings.
pub(super) async fn memberships_after(
    stores: &Stores,
    chat: ChatId,
    after: Option<&UserId>,
) -> EngineResult<Vec<Membership>> {
    let members = stores.directory.members(chat, after, PAGE).await?;
    let users: Vec<UserId> = members.into_iter().map(|member| member.user).collect();
    let memberships = stores.directory.memberships(chat, &users).await?;
    Ok(memberships.into_iter().flatten().collect())
}
