//! Runs of places of one chat (rule S1).

use chinwag_core::{
    model::LogRow,
    ports::{EngineResult, Order, ReadRange},
};
use chinwag_proto::{ChatId, Seq};

use super::{
    held::log_row,
    keys::{chat_key, part_of, place_key},
    store::Cassandra,
};

/// Rows of one statement: at most 20 KiB each.
const ROWS_AT_ONCE: usize = 256;
/// Rows of one statement that looks for messages among other events, at least.
const LOOKED_AT: usize = 64;

impl Cassandra {
    /// Reads the last row of a chat.
    pub(super) async fn head(&self, chat: ChatId) -> EngineResult<Option<LogRow>> {
        let mut part = self.last_part(chat).await?;
        // A part's beginning is noted before its first row, so the row may not be there.
        loop {
            let rows = self
                .part(chat, part, (0, i64::MAX), Order::Falling, 1)
                .await?;
            if let Some(row) = rows.into_iter().next() {
                return Ok(Some(row));
            }
            if part == 0 {
                return Ok(None);
            }
            part -= 1;
        }
    }

    /// Returns the last part of a chat's log that was begun.
    pub(super) async fn last_part(&self, chat: ChatId) -> EngineResult<i64> {
        let key = (chat_key(chat),);
        let row: Option<(i64,)> = self.cql.row(&self.statements.last_part, key).await?;
        Ok(row.map_or(0, |(part,)| part))
    }

    /// Reads a run of places.
    pub(super) async fn page(&self, chat: ChatId, range: ReadRange) -> EngineResult<Vec<LogRow>> {
        let mut page = Vec::new();
        if range.from > range.through || range.limit == 0 {
            return Ok(page);
        }
        let (first, mut last) = (part_of(range.from), part_of(range.through));
        if first != last {
            last = last.min(self.last_part(chat).await?);
        }
        let (mut low, mut high) = (place_key(range.from), place_key(range.through));
        let mut part = match range.order {
            Order::Rising => first,
            Order::Falling => last,
        };
        while (first..=last).contains(&part) && low <= high && page.len() < range.limit {
            let wanted = range.limit - page.len();
            let at_once = if range.messages_only {
                wanted.max(LOOKED_AT)
            } else {
                wanted
            };
            let at_once = at_once.min(ROWS_AT_ONCE);
            let rows = self
                .part(chat, part, (low, high), range.order, at_once)
                .await?;
            let is_all = rows.len() < at_once;
            match (rows.last(), range.order) {
                (Some(row), Order::Rising) => low = place_key(row.seq) + 1,
                (Some(row), Order::Falling) => high = place_key(before(row, range.messages_only)),
                (None, _) => {}
            }
            let wanted_rows = rows
                .into_iter()
                .filter(|row| !range.messages_only || row.message().is_some());
            page.extend(wanted_rows.take(wanted));
            part = match range.order {
                Order::Rising => part + i64::from(is_all),
                Order::Falling => {
                    let goes_on = part_of(Seq(high.max(0).cast_unsigned()));
                    goes_on.min(part - i64::from(is_all))
                }
            };
        }
        Ok(page)
    }

    /// Reads some rows of one part.
    async fn part(
        &self,
        chat: ChatId,
        part: i64,
        (low, high): (i64, i64),
        order: Order,
        limit: usize,
    ) -> EngineResult<Vec<LogRow>> {
        let statement = match order {
            Order::Rising => &self.statements.log_rising,
            Order::Falling => &self.statements.log_falling,
        };
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        let values = (chat_key(chat), part, low, high, limit);
        let cells: Vec<(Vec<u8>,)> = self.cql.rows(statement, values).await?;
        cells.iter().map(|(cell,)| log_row(cell)).collect()
    }
}

/// Returns the place where a falling page goes on below a row; a page of messages skips what lies between them.
fn before(row: &LogRow, messages_only: bool) -> Seq {
    if messages_only {
        row.previous_message
    } else {
        Seq(row.seq.0.saturating_sub(1))
    }
}
