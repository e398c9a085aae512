//! What changed since a client was last here.

use std::collections::BTreeMap;

use chinwag_proto::{
    ChatId, Problem, Seq, Timestamp,
    frames::{LogFrame, Place},
    http::{SyncAnswer, SyncRequest},
    shapes::Chat,
};

use super::{
    Reads,
    access::{Listed, View},
    budget::Budget,
    sync_token::SyncToken,
};
use crate::{
    model::{LogRow, Membership},
    owner::Caller,
};

/// How far a token reaches back: the bound on the clocks' difference, an append's deadline, and 5 s to spare.
pub(super) const REACH_BACK_MS: i64 = 1_000 + 2_000 + 5_000;
/// Chats of one answer.
const MOST_CHATS: usize = 200;
/// Memberships that one answer looks through; the next one goes on.
const LOOKED_THROUGH: usize = 4_096;
/// Memberships read in one step.
const STEP: usize = 512;
/// Chats summed up in one step: a page that is full of long messages ends before everything was read.
const SUMMED_UP: usize = 32;

/// What a sync has to say about one chat.
enum Verdict {
    /// It changed; the place that the client holds, where it named the chat.
    Changed(Box<View>, Option<Place>),
    /// The caller is no longer in it, or it is gone.
    Left,
}

/// The answer as far as it is put together.
struct Page {
    chats: Vec<chinwag_proto::http::SyncChat>,
    left: Vec<ChatId>,
    budget: Budget,
    /// The last chat that was dealt with.
    reached: Option<ChatId>,
}

impl Reads {
    /// Tells what changed since a token: chats with new events, marks, settings or members, and those left.
    ///
    /// At least once: a token reaches back, so that nothing is missed whatever the clocks say. Works through the
    /// caller's chats in order of id; an answer that isn't complete has a token that goes on there.
    /// Errors: `badRequest` for a token that is none, or for too many chats.
    pub async fn sync(&self, caller: &Caller, request: SyncRequest) -> Result<SyncAnswer, Problem> {
        let most = usize::try_from(self.limits.sync_chats).unwrap_or(usize::MAX);
        if request.chats.len() > most {
            let detail = format!("names {} chats of at most {most}", request.chats.len());
            return Err(Problem::field("/chats", detail));
        }
        // Taken before anything is read: what changes from here on is told the next time.
        let now = self.ports.clock.now();
        let token = SyncToken::read(request.since.as_deref(), now)?;
        let mut page = Page {
            chats: Vec::new(),
            left: Vec::new(),
            budget: Budget::new(&self.limits),
            reached: token.after,
        };
        let complete = self
            .work_through(caller, &request.chats, &token, &mut page)
            .await?;
        let next = match complete {
            true => token.completed(),
            false => token.going_on(page.reached),
        };
        Ok(SyncAnswer {
            token: next.write(),
            chats: page.chats,
            left: page.left,
            complete,
        })
    }

    /// Fills the page; answers whether all chats were dealt with.
    async fn work_through(
        &self,
        caller: &Caller,
        named: &BTreeMap<ChatId, Place>,
        token: &SyncToken,
        page: &mut Page,
    ) -> Result<bool, Problem> {
        let mut looked_through = 0;
        loop {
            let after = page.reached;
            let (listed, next) = self.listed(&caller.user, after, STEP).await?;
            looked_through += listed.len();
            let verdicts = self
                .verdicts(&listed, named, token.cut(), after, next)
                .await?;
            if !self.fill(page, verdicts).await? {
                return Ok(false);
            }
            if next.is_none() {
                return Ok(true);
            }
            page.reached = next;
            if looked_through >= LOOKED_THROUGH {
                return Ok(false);
            }
        }
    }

    /// Decides about each chat after one, through another: listed or named, in order of id.
    async fn verdicts(
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
        let mut views = Vec::new();
        let mut gone = Vec::new();
        for entry in listed {
            let changed = cut.is_some_and(|cut| entry.membership.member.changed_at >= cut);
            match entry.view() {
                Some(view) => views.push(view),
                None if changed => {
                    verdicts.insert(entry.chat(), Verdict::Left);
                }
                None if entry.membership.member.active => gone.push(entry.chat()),
                None => {}
            }
        }
        let cut_rows = match cut {
            Some(_) => self
                .head_rows(&views)
                .await?
                .into_iter()
                .map(Some)
                .collect(),
            None => vec![None; views.len()],
        };
        for (view, head) in views.into_iter().zip(cut_rows) {
            let held = named.get(&view.chat).copied();
            let changed = match (cut, head) {
                (Some(cut), Some(head)) => changed_at(&view.membership, &head) >= cut,
                _ => true,
            };
            if changed || is_behind(&view, held) {
                verdicts.insert(view.chat, Verdict::Changed(Box::new(view), held));
            } else {
                verdicts.remove(&view.chat);
            }
        }
        for chat in self.deleted_since(&gone, cut).await? {
            verdicts.insert(chat, Verdict::Left);
        }
        Ok(verdicts)
    }

    /// Finds those of the chats without a head that were deleted at or after a time.
    async fn deleted_since(
        &self,
        gone: &[ChatId],
        cut: Option<Timestamp>,
    ) -> Result<Vec<ChatId>, Problem> {
        let Some(cut) = cut.filter(|_| !gone.is_empty()) else {
            return Ok(Vec::new());
        };
        let chats = self.ports.directory.chats(gone).await?.into_iter();
        let deleted = chats.flatten().filter(|chat| chat.deleted);
        let lately = deleted.filter(|chat| chat.changed_at >= cut);
        Ok(lately.map(|chat| chat.id).collect())
    }

    /// Adds what there is to say until the page is full; answers whether all of it found room.
    async fn fill(
        &self,
        page: &mut Page,
        verdicts: BTreeMap<ChatId, Verdict>,
    ) -> Result<bool, Problem> {
        let mut verdicts = verdicts.into_iter().peekable();
        while verdicts.peek().is_some() {
            let step: Vec<_> = verdicts.by_ref().take(SUMMED_UP).collect();
            let changed = step.iter().filter_map(|(_, verdict)| match verdict {
                Verdict::Changed(view, _) => Some(View::clone(view)),
                Verdict::Left => None,
            });
            let summaries = self.summaries(&changed.collect::<Vec<_>>()).await?;
            let mut summaries = summaries.into_iter().peekable();
            for (chat, verdict) in step {
                let summary = summaries.next_if(|summary| summary.id == chat);
                let found_room = match (verdict, summary) {
                    (Verdict::Changed(view, held), Some(summary)) => {
                        self.add(page, &view, held, summary).await?
                    }
                    // A chat without a summary was deleted since its head was read.
                    (Verdict::Left | Verdict::Changed(..), _) => page.leave(chat),
                };
                if !found_room {
                    return Ok(false);
                }
                page.reached = Some(chat);
            }
        }
        Ok(true)
    }

    /// Adds one changed chat with the events that the client lacks.
    async fn add(
        &self,
        page: &mut Page,
        view: &View,
        held: Option<Place>,
        chat: Chat,
    ) -> Result<bool, Problem> {
        if page.chats.len() >= MOST_CHATS {
            return Ok(false);
        }
        let (events, limited) = match held {
            Some(held) => self.lacked(view, held).await?,
            None => (Vec::new(), true),
        };
        let entry = chinwag_proto::http::SyncChat {
            chat,
            events,
            limited,
        };
        if !page.budget.take(&entry) {
            return Ok(false);
        }
        page.chats.push(entry);
        Ok(true)
    }

    /// Reads the events after the client's place; the newest ones, and that they are, where those are too many.
    async fn lacked(&self, view: &View, held: Place) -> Result<(Vec<LogFrame>, bool), Problem> {
        let most = u64::from(self.limits.sync_events);
        let known = held.epoch == view.epoch && held.seq <= view.head;
        let newest = Seq(view.head.0.saturating_sub(most));
        let limited = !known || held.seq < newest;
        let after = if limited { newest } else { held.seq };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut events = self.frames_step(view, after, most).await?;
        // A quarter of an answer for one chat's events: with its last message it then fits into an empty answer.
        let mut room = Budget::part(&self.limits, 4);
        let newest = events.iter().rev();
        let fitting = newest.take_while(|frame| room.take(frame)).count();
        let dropped = events.len() - fitting;
        events.drain(..dropped);
        Ok((events, limited || dropped > 0))
    }
}

impl Page {
    fn leave(&mut self, chat: ChatId) -> bool {
        let found_room = self.budget.take(&chat);
        if found_room {
            self.left.push(chat);
        }
        found_room
    }
}

/// Returns when a chat last changed for a member: its last event, their marks, settings or membership.
pub(super) fn changed_at(membership: &Membership, head: &LogRow) -> Timestamp {
    let event = chinwag_proto::snowflake::time(head.id.0).max(head.timestamp);
    let own = membership
        .marks
        .changed_at
        .max(membership.preferences.changed_at);
    event.max(own).max(membership.member.changed_at)
}

/// Returns whether the client lacks places of a chat that it named.
fn is_behind(view: &View, held: Option<Place>) -> bool {
    held.is_some_and(|held| held.epoch != view.epoch || held.seq != view.head)
}
