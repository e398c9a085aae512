//! Which of a user's chats changed, and which they are no longer in.

use std::collections::BTreeMap;

use chinwag_proto::{ChatId, Problem, Timestamp, frames::Place};

use crate::{
    model::{ChatRow, LogRow, Membership},
    reads::{
        Reads,
        access::{Listed, View},
    },
};

/// What a sync has to say about one chat.
pub(super) enum Verdict {
    /// It changed; the place that the client holds, where it named the chat.
    Changed(Box<View>, Option<Place>),
    /// The caller is no longer in it, or it is gone.
    Left,
}

impl Reads {
    /// Decides about each chat after one, through another: listed or named, in order of id.
    pub(super) async fn verdicts(
        &self,
        listed: &[Listed],
        named: &BTreeMap<ChatId, Place>,
        cut: Option<Timestamp>,
        after: Option<ChatId>,
        through: Option<ChatId>,
    ) -> Result<BTreeMap<ChatId, Verdict>, Problem> {
        let in_step = |chat: &ChatId| {
            after.is_none_or(|after| *chat > after) && through.is_none_or(|last| *chat <= last)
        };
        // A named chat counts as left unless the list tells better.
        let named_here = named.keys().filter(|chat| in_step(chat));
        let mut verdicts: BTreeMap<_, _> = named_here.map(|chat| (*chat, Verdict::Left)).collect();
        let is_new = |time: Timestamp| cut.is_none_or(|cut| time >= cut);
        let mut views = Vec::new();
        let mut headless = Vec::new();
        for entry in listed {
            let member = &entry.membership.member;
            match entry.view() {
                Some(view) => views.push(view),
                None if member.active => headless.push(entry.chat()),
                None if cut.is_some() && is_new(member.changed_at) => {
                    verdicts.insert(entry.chat(), Verdict::Left);
                }
                None => {}
            }
        }
        let changed = match cut {
            Some(cut) => {
                let heads = self.head_rows(&views).await?;
                self.changed_since(&views, &heads, cut).await?
            }
            None => vec![true; views.len()],
        };
        for (view, changed) in views.into_iter().zip(changed) {
            let held = named.get(&view.chat).copied();
            if changed || is_behind(&view, held) {
                verdicts.insert(view.chat, Verdict::Changed(Box::new(view), held));
            } else {
                verdicts.remove(&view.chat);
            }
        }
        for chat in self.chat_rows(&headless).await? {
            if !chat.deleted {
                // It is just being made or joined: the next sync tells it.
                verdicts.remove(&chat.id);
            } else if cut.is_some() && is_new(chat.changed_at) {
                verdicts.insert(chat.id, Verdict::Left);
            }
        }
        Ok(verdicts)
    }

    /// Tells of each chat whether it changed for its member since a time.
    pub(in crate::reads) async fn changed_since(
        &self,
        views: &[View],
        heads: &[LogRow],
        since: Timestamp,
    ) -> Result<Vec<bool>, Problem> {
        let is_changed =
            |(view, head): (&View, &LogRow)| changed_at(&view.membership, head) >= since;
        let mut changed: Vec<bool> = views.iter().zip(heads).map(is_changed).collect();
        // An import's events are as old as what was said elsewhere: the chat's row tells when they came.
        let is_imported = |at: &usize| !changed[*at] && heads[*at].is_imported();
        let imported: Vec<usize> = (0..changed.len()).filter(is_imported).collect();
        let ids: Vec<ChatId> = imported.iter().map(|at| views[*at].chat).collect();
        for chat in self.chat_rows(&ids).await? {
            if let Ok(at) = ids.binary_search(&chat.id) {
                changed[imported[at]] = chat.changed_at >= since;
            }
        }
        Ok(changed)
    }

    async fn chat_rows(&self, chats: &[ChatId]) -> Result<Vec<ChatRow>, Problem> {
        if chats.is_empty() {
            return Ok(Vec::new());
        }
        let rows = self.ports.directory.chats(chats).await?;
        Ok(rows.into_iter().flatten().collect())
    }
}

/// Returns when a chat last changed for a member: its last event, their marks, settings or membership.
fn changed_at(membership: &Membership, head: &LogRow) -> Timestamp {
    let event = chinwag_proto::snowflake::time(head.id.0).max(head.timestamp);
    let own = membership
        .marks
        .changed_at
        .max(membership.preferences.changed_at);
    event.max(own).max(membership.member.changed_at)
}

/// Returns whether the client lacks places of a chat that it named.
fn is_behind(view: &View, held: Option<Place>) -> bool {
    held.is_some_and(|held| held.epoch != view.epoch || held.seq < view.head)
}
