//! Removes what a deleted chat leaves.

use chinwag_core::{model::LogRow, ports::EngineResult};
use chinwag_proto::{ChatId, Seq};

use super::{
    cql::each,
    held::log_row,
    keys::{chat_key, event_key, place_key},
    store::Cassandra,
};

/// Rows of one step.
const AT_ONCE: usize = 256;

impl Cassandra {
    /// Removes a chat's log but for the event that deleted it, part by part, the rows of each step last: a purge that
    /// was cut short finds them again.
    pub(super) async fn purge_chat(&self, chat: ChatId) -> EngineResult<()> {
        let Some(newest) = self.newest_stamp(chat).await? else {
            return Ok(());
        };
        // From here on the directory's rows hold without the events that caused them.
        let key = (chat_key(chat), newest);
        let row = self.cql.write(&self.statements.purge_chat, key);
        let members = self.cql.write(&self.statements.purge_members, key);
        futures_util::try_join!(row, members)?;
        for part in 0..=self.last_part(chat).await? {
            self.purge_part(chat, part, newest).await?;
        }
        Ok(())
    }

    /// Returns the highest stamp of the rows at a chat's end: nothing that was written under it or a lower one stays.
    async fn newest_stamp(&self, chat: ChatId) -> EngineResult<Option<i64>> {
        let Some(head) = self.head(chat).await? else {
            return Ok(None);
        };
        let before = Seq(head.seq.0.saturating_sub(1));
        let rows = self
            .stamped(chat, super::keys::part_of(head.seq), before)
            .await?;
        Ok(rows.into_iter().map(|(_, stamp)| stamp).max())
    }

    async fn purge_part(&self, chat: ChatId, part: i64, newest: i64) -> EngineResult<()> {
        let mut after = Seq(0);
        let mut is_first = part == 0;
        loop {
            let rows = self.stamped(chat, part, after).await?;
            let Some((last, _)) = rows.last() else { break };
            let (from, through) = (after, last.seq);
            let is_all = rows.len() < AT_ONCE;
            let stamp = rows.iter().map(|(_, stamp)| *stamp).fold(newest, i64::max);
            let (kept, gone): (Vec<_>, Vec<_>) = rows
                .into_iter()
                .map(|(row, _)| row)
                .partition(LogRow::ends_chat);
            each(&gone, |row| self.forget_row(chat, row, stamp)).await?;
            each(
                gaps(from, through, &kept, is_first),
                async |(above, last)| {
                    let values = (stamp, chat_key(chat), part, above, last);
                    self.cql.write(&self.statements.remove_log, values).await
                },
            )
            .await?;
            (after, is_first) = (through, false);
            if is_all {
                break;
            }
        }
        let values = (newest, chat_key(chat), part);
        let versions = self.cql.write(&self.statements.remove_versions, values);
        let reactions = self.cql.write(&self.statements.remove_reactions, values);
        futures_util::try_join!(versions, reactions).map(drop)
    }

    /// Reads rows above a place in one part, each with the stamp of its cell.
    async fn stamped(
        &self,
        chat: ChatId,
        part: i64,
        above: Seq,
    ) -> EngineResult<Vec<(LogRow, i64)>> {
        let limit = i32::try_from(AT_ONCE).unwrap_or(i32::MAX);
        let values = (chat_key(chat), part, place_key(above), limit);
        let cells: Vec<(Vec<u8>, i64)> =
            self.cql.rows(&self.statements.log_stamped, values).await?;
        let row = |(cell, stamp): (Vec<u8>, i64)| Ok((log_row(&cell)?, stamp));
        cells.into_iter().map(row).collect()
    }

    /// Removes by what a row was found.
    async fn forget_row(&self, chat: ChatId, row: &LogRow, stamp: i64) -> EngineResult<()> {
        let id = (stamp, event_key(row.id));
        self.cql.write(&self.statements.remove_id, id).await?;
        if let Some(client_id) = &row.client_id {
            let sent = (stamp, chat_key(chat), row.user.as_str(), client_id.as_str());
            self.cql.write(&self.statements.remove_sent, sent).await?;
        }
        Ok(())
    }
}

/// Returns the runs of places between those that are kept, each as the place below it and its last one.
fn gaps(from: Seq, through: Seq, kept: &[LogRow], is_first: bool) -> Vec<(i64, i64)> {
    // Nothing lies below the first place, but a range has to begin somewhere.
    let mut above = if is_first { -1 } else { place_key(from) };
    let mut gaps = Vec::new();
    for row in kept {
        let place = place_key(row.seq);
        gaps.push((above, place - 1));
        above = place;
    }
    gaps.push((above, place_key(through)));
    gaps.retain(|(above, last)| above < last);
    gaps
}
