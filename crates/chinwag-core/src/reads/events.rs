//! The places after one, gap-free: how a client repairs a gap.

use std::collections::HashMap;

use chinwag_proto::{
    ChatId, Problem, Seq,
    frames::LogFrame,
    http::{EventsPage, EventsQuery},
};

use super::{
    Reads,
    access::View,
    budget::{Budget, page_limit},
};
use crate::{
    model::{LogRow, RowBody},
    owner::Caller,
    ports::ReadRange,
    render,
};

/// Rows read in one step: a page of long messages ends at the answer's bytes before everything was read.
const STEP: usize = 64;

impl Reads {
    /// Reads the places after one, gap-free, as the very frames of live delivery.
    ///
    /// Asked with another epoch it answers the chat anew, from the first place. Errors: `badRequest`, `notFound`.
    pub async fn events(
        &self,
        caller: &Caller,
        chat: ChatId,
        query: EventsQuery,
    ) -> Result<EventsPage, Problem> {
        let limit = page_limit(query.limit, &self.limits)?;
        let view = self.view(caller, chat).await?;
        let other_epoch = query.epoch.is_some_and(|epoch| epoch != view.epoch);
        let after = if other_epoch { Seq::ZERO } else { query.after };
        let mut budget = Budget::new(&self.limits);
        let events = self.frames(&view, after, limit, &mut budget).await?;
        let last = events.last().map_or(after, |frame| frame.seq);
        Ok(EventsPage {
            chat_id: chat,
            epoch: view.epoch,
            events,
            has_more: last < view.head,
        })
    }

    /// Reads the frames of at most `limit` places after one, as far as the budget goes.
    async fn frames(
        &self,
        view: &View,
        after: Seq,
        limit: usize,
        budget: &mut Budget,
    ) -> Result<Vec<LogFrame>, Problem> {
        let mut frames: Vec<LogFrame> = Vec::new();
        let mut reached = after;
        while reached < view.head && frames.len() < limit {
            let step = (limit - frames.len()).min(STEP);
            for frame in self.frames_step(view, reached, step).await? {
                if !budget.take(&frame) {
                    return Ok(frames);
                }
                reached = frame.seq;
                frames.push(frame);
            }
        }
        Ok(frames)
    }

    /// Reads the frames of the next places after one, `limit` of them or up to the head.
    pub(super) async fn frames_step(
        &self,
        view: &View,
        after: Seq,
        limit: usize,
    ) -> Result<Vec<LogFrame>, Problem> {
        if after >= view.head {
            return Ok(Vec::new());
        }
        let range = ReadRange::rising(after.next(), view.head, limit);
        let rows = self.ports.store.read(view.chat, range).await?;
        self.check_gap_free(view, range, &rows).await?;
        self.rendered(view, &rows).await
    }

    async fn check_gap_free(
        &self,
        view: &View,
        range: ReadRange,
        rows: &[LogRow],
    ) -> Result<(), Problem> {
        let mut expected = range.from;
        for row in rows {
            if row.seq != expected {
                return Err(self.missing(view.chat, expected).await);
            }
            expected = expected.next();
        }
        if rows.len() < range.limit && expected <= range.through {
            return Err(self.missing(view.chat, expected).await);
        }
        Ok(())
    }

    async fn rendered(&self, view: &View, rows: &[LogRow]) -> Result<Vec<LogFrame>, Problem> {
        let targets = self.targets(view, rows).await?;
        let messages = rows.iter().chain(targets.values());
        let changes = messages.filter_map(|row| Some(row.message()?.change_seq));
        self.settled(view, changes.max().unwrap_or_default())
            .await?;
        let frame = |row: &LogRow| {
            if !view.sees(row) {
                return render::hidden(view.chat, view.epoch, row);
            }
            let target = row.target().and_then(|target| targets.get(&target.seq));
            render::frame(view.chat, view.epoch, row, target)
        };
        Ok(rows.iter().map(frame).collect())
    }

    /// Reads the messages that visible edits and deletions are about, as they are now.
    async fn targets(&self, view: &View, rows: &[LogRow]) -> Result<HashMap<Seq, LogRow>, Problem> {
        let changes = rows.iter().filter(|row| {
            let carries = matches!(row.body, RowBody::Edit(_) | RowBody::Deletion(_));
            carries && view.sees(row)
        });
        let mut places: Vec<_> = changes
            .filter_map(|row| Some((view.chat, row.target()?.seq)))
            .collect();
        places.sort_unstable();
        places.dedup();
        if places.is_empty() {
            return Ok(HashMap::new());
        }
        let found = self.ports.store.rows(&places).await?;
        Ok(found
            .into_iter()
            .flatten()
            .map(|row| (row.seq, row))
            .collect())
    }
}

#[cfg(test)]
mod tests;
