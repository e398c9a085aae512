//! Pages of messages: before, after or around a moment or an event.

use chinwag_proto::{
    ErrorCode, Problem, Seq,
    http::{HistoryQuery, MessagesPage},
    shapes::Message,
};

use super::{
    Reads,
    access::View,
    budget::{Budget, page_limit},
    cursor::Cursor,
};
use crate::{
    model::LogRow,
    owner::Caller,
    ports::{Order, ReadRange},
};

/// Rows read in one step: a usual page and the one row that tells whether there are more. A large page of long
/// messages ends at the answer's bytes before everything was read.
const STEP: usize = 64;

/// Which page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Newest,
    Before(Cursor),
    After(Cursor),
    Around(Cursor),
}

/// Messages from one end of a run of places.
struct Part {
    messages: Vec<Message>,
    has_more: bool,
}

impl Reads {
    /// Reads a page of messages: newest first before a cursor or without one, oldest first after or around one.
    ///
    /// A cursor is exclusive; `around` counts the cursor's own message to what comes after it, and its `hasMore`
    /// is true where either side has more. Errors: `badCursor`, `badRequest`, `notFound`.
    pub async fn history(
        &self,
        caller: &Caller,
        query: HistoryQuery,
    ) -> Result<MessagesPage, Problem> {
        let limit = page_limit(query.limit, &self.limits)?;
        let wanted = wanted(&query)?;
        let view = self.view(caller, query.chat_id).await?;
        let mut budget = Budget::new(&self.limits);
        let part = match wanted {
            Wanted::Newest => self.newest(&view, view.head, limit, &mut budget).await?,
            Wanted::Before(cursor) => {
                let through = before(self.place_at(&view, cursor).await?);
                self.newest(&view, through, limit, &mut budget).await?
            }
            Wanted::After(cursor) => {
                let from = self.place_after(&view, cursor).await?;
                self.oldest(&view, from, limit, &mut budget).await?
            }
            Wanted::Around(cursor) => {
                let middle = self.place_at(&view, cursor).await?;
                self.around(&view, middle, limit, &mut budget).await?
            }
        };
        Ok(MessagesPage {
            messages: part.messages,
            has_more: part.has_more,
        })
    }

    async fn newest(
        &self,
        view: &View,
        through: Seq,
        limit: usize,
        budget: &mut Budget,
    ) -> Result<Part, Problem> {
        let places = (Seq(1), through);
        self.part(view, places, Order::Falling, limit, budget).await
    }

    async fn oldest(
        &self,
        view: &View,
        from: Seq,
        limit: usize,
        budget: &mut Budget,
    ) -> Result<Part, Problem> {
        let places = (from, view.head);
        self.part(view, places, Order::Rising, limit, budget).await
    }

    async fn around(
        &self,
        view: &View,
        middle: Seq,
        limit: usize,
        budget: &mut Budget,
    ) -> Result<Part, Problem> {
        // Each side has half of the room, so that the middle stays in the middle when messages are long.
        budget.reserve_half();
        let older = limit / 2;
        let mut after = self.oldest(view, middle, limit - older, budget).await?;
        budget.release();
        let part = self.newest(view, before(middle), older, budget).await?;
        let mut messages = part.messages;
        messages.reverse();
        messages.append(&mut after.messages);
        Ok(Part {
            messages,
            has_more: after.has_more || part.has_more,
        })
    }

    /// Reads visible messages between two places from one end, until `limit` or the budget ends it.
    async fn part(
        &self,
        view: &View,
        (from, through): (Seq, Seq),
        order: Order,
        limit: usize,
        budget: &mut Budget,
    ) -> Result<Part, Problem> {
        let mut messages = Vec::new();
        for (mut first, mut last) in view.runs(from, through, order) {
            while first <= last {
                let wanted = (limit + 1 - messages.len()).min(STEP);
                let range = ReadRange {
                    from: first,
                    through: last,
                    limit: wanted,
                    order,
                    messages_only: true,
                };
                let rows = self.ports.store.read(view.chat, range).await?;
                let Some(end) = rows.last().map(|row| row.seq) else {
                    break;
                };
                if let Some(lost) = lost_between(&rows, order) {
                    return Err(self.missing(view.chat, lost).await);
                }
                for message in self.messages_of(view, &rows).await? {
                    if messages.len() == limit || !budget.take(&message) {
                        return Ok(Part {
                            messages,
                            has_more: true,
                        });
                    }
                    messages.push(message);
                }
                if rows.len() < wanted {
                    break;
                }
                match order {
                    Order::Rising => first = end.next(),
                    Order::Falling => last = before(end),
                }
            }
        }
        Ok(Part {
            messages,
            has_more: false,
        })
    }
}

/// Finds a message that two neighbours of a page name between them, and that isn't there.
fn lost_between(rows: &[LogRow], order: Order) -> Option<Seq> {
    let lost = |older: &LogRow, newer: &LogRow| {
        (newer.previous_message != older.seq).then_some(newer.previous_message)
    };
    rows.windows(2).find_map(|pair| match order {
        Order::Rising => lost(&pair[0], &pair[1]),
        Order::Falling => lost(&pair[1], &pair[0]),
    })
}

fn before(seq: Seq) -> Seq {
    Seq(seq.0.saturating_sub(1))
}

fn wanted(query: &HistoryQuery) -> Result<Wanted, Problem> {
    let cursor = |text: &Option<String>| text.as_deref().map(Cursor::parse).transpose();
    let cursors = [&query.before, &query.after, &query.around];
    if cursors.iter().filter(|cursor| cursor.is_some()).count() > 1 {
        let detail = "before, after and around exclude each other";
        return Err(Problem::new(ErrorCode::BadRequest, detail));
    }
    let before = cursor(&query.before)?.map(Wanted::Before);
    let after = cursor(&query.after)?.map(Wanted::After);
    let around = cursor(&query.around)?.map(Wanted::Around);
    Ok(before.or(after).or(around).unwrap_or(Wanted::Newest))
}

#[cfg(test)]
mod tests;
