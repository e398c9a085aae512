//! What changed since a client was last here.

mod changes;
mod token;

use std::collections::BTreeMap;

use chinwag_proto::{
    ChatId, Problem, Seq,
    frames::{LogFrame, Place},
    http::{SyncAnswer, SyncRequest},
    shapes::Chat,
};

use super::{Reads, access::View, budget::Budget};
use crate::owner::Caller;

use changes::Verdict;
use token::SyncToken;

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
        let known = held.epoch == view.epoch;
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

#[cfg(test)]
mod tests;
