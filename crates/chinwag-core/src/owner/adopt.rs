//! What a new owner finds at a chat's end, and makes its own (rule T2).

use chinwag_proto::{ChatId, ErrorCode, Problem, Seq};

use super::Owner;
use crate::{
    model::{LogRow, RowBody, Term},
    ports::{EngineError, ReadRange, Stamp},
};

/// Rows of a tail read at a time.
const PAGE: usize = 256;

impl Owner {
    /// Returns the last row of what holds of a chat's log; what lies above it is nobody's and gives way.
    ///
    /// Where an earlier owner may have left rows that were never confirmed, those that follow each other without a gap
    /// are adopted: written again under this term before anything is answered. So they are at a quorum, and no late
    /// write of a term in between takes their places.
    pub(super) async fn adopt_tail(
        &self,
        id: ChatId,
        term: Term,
    ) -> Result<Option<LogRow>, Problem> {
        let heads = self.ports.store.heads(&[id]).await?;
        let Some(last) = heads.into_iter().next().flatten() else {
            return Ok(None);
        };
        if last.term > term {
            let detail = "the chat's log holds a later term than this node owns it under";
            return Err(Problem::new(ErrorCode::NotOwner, detail));
        }
        if last.term == term {
            return Ok(Some(last));
        }
        let confirmed = last.confirmed;
        let mut adopted = gap_free(self.tail(id, confirmed, last.seq).await?);
        if adopted
            .first()
            .is_none_or(|row| row.seq > confirmed.max(Seq(1)))
        {
            if confirmed > Seq(0) {
                let lost = format!("place {confirmed} of chat {id} was confirmed and isn't there");
                return Err(EngineError::Damaged(lost).into());
            }
            return Ok(None);
        }
        let head = adopted.last().cloned();
        let known = head.as_ref().map_or(confirmed, |row| row.confirmed);
        adopted.retain(|row| row.seq > known);
        self.mark_adopted(id, term, &adopted).await?;
        self.write_again(id, term, adopted).await?;
        Ok(head)
    }

    /// Reads a chat's rows from the last confirmed place on that one of them knows of.
    async fn tail(&self, id: ChatId, confirmed: Seq, last: Seq) -> Result<Vec<LogRow>, Problem> {
        let mut tail: Vec<LogRow> = Vec::new();
        let mut from = confirmed.max(Seq(1));
        loop {
            let range = ReadRange::rising(from, last, PAGE);
            let rows = self.ports.store.read(id, range).await?;
            let is_all = rows.len() < PAGE;
            from = rows.last().map_or(from, |row| row.seq.next());
            tail.extend(rows);
            if is_all {
                return Ok(tail);
            }
        }
    }

    /// Writes rows again, and the messages that they changed, as they are. A change whose event is there without its
    /// effect never was confirmed: its place is kept, by an event that says nothing (rule S2).
    async fn write_again(&self, id: ChatId, term: Term, rows: Vec<LogRow>) -> Result<(), Problem> {
        let changing: Vec<_> = rows
            .iter()
            .filter_map(|row| Some((id, row.target()?.seq)))
            .collect();
        let targets = self.ports.store.rows(&changing).await?;
        let mut targets = targets.into_iter();
        let mut again = Vec::with_capacity(rows.len());
        for row in rows {
            let stamp = Stamp { term, seq: row.seq };
            let target = row.target().and_then(|_| targets.next().flatten());
            let Some(target) = target else {
                again.push((row, stamp));
                continue;
            };
            if has_taken_effect(&row, &target) {
                again.extend([(target, stamp), (row, stamp)]);
                continue;
            }
            self.ports.store.seal(id, target.seq, stamp).await?;
            again.push((without_effect(row), stamp));
        }
        if again.is_empty() {
            return Ok(());
        }
        Ok(self.ports.store.rewrite(id, again).await?)
    }
}

/// Returns whether a message holds the change that an event made, or a later one.
fn has_taken_effect(event: &LogRow, target: &LogRow) -> bool {
    let changed_by = target.message().map(|message| message.change_seq);
    changed_by.is_none_or(|change| change >= event.seq)
}

/// Leaves of an event its place, for who holds it already; a request that made it is found no more.
fn without_effect(event: LogRow) -> LogRow {
    LogRow {
        client_id: None,
        digest: None,
        body: RowBody::Term,
        ..event
    }
}

/// Keeps what follows each other without a gap and without a fall of the term: a row of a lower one above it is an
/// earlier owner's that landed late.
fn gap_free(rows: Vec<LogRow>) -> Vec<LogRow> {
    let mut kept: Vec<LogRow> = Vec::with_capacity(rows.len());
    for row in rows {
        let follows = kept
            .last()
            .is_none_or(|last| row.seq == last.seq.next() && row.term >= last.term);
        if !follows {
            break;
        }
        kept.push(row);
    }
    kept
}
