//! What follows from an event counts only where the log holds that event.
//!
//! What follows is written first. An owner that freezes in between, or whose row loses its place to a later term,
//! leaves something behind that no event stands for; so each says which event caused it, and readers look.

use std::collections::HashSet;

use chinwag_core::{
    model::{LogRow, Term},
    ports::EngineResult,
};
use chinwag_proto::{ChatId, EventId, Seq};
use minicbor::Decode;

use super::{
    cql::each,
    error::undecodable,
    keys::{chat_key, event_from, part_of, place_key, place_of_stamp},
    store::Cassandra,
};

/// An event, by its place.
pub(super) type Placed = (ChatId, Seq, EventId);

/// The beginning of a [`LogRow`]: enough to know it by.
#[derive(Decode)]
struct Beginning {
    #[n(0)]
    _term: Term,
    #[n(3)]
    id: EventId,
}

/// One of several states of something, each with the event that caused it.
pub(super) struct Caused<T> {
    /// The event.
    pub(super) by: Placed,
    /// The state.
    pub(super) value: T,
    /// Whether the log is gone, so that there is nothing to look at.
    pub(super) purged: bool,
}

impl<T> Caused<T> {
    /// Reads a state that was written under a stamp.
    pub(super) fn new(
        chat: ChatId,
        stamp: i64,
        event: i64,
        value: T,
        purged: Option<bool>,
    ) -> Self {
        Self {
            by: (chat, place_of_stamp(stamp), event_from(event)),
            value,
            purged: purged == Some(true),
        }
    }
}

impl Cassandra {
    /// Reads the cell at a place.
    pub(super) async fn log_cell(&self, chat: ChatId, seq: Seq) -> EngineResult<Option<Vec<u8>>> {
        let key = (chat_key(chat), part_of(seq), place_key(seq));
        let row: Option<(Vec<u8>,)> = self.cql.row(&self.statements.log_row, key).await?;
        Ok(row.map(|(cell,)| cell))
    }

    /// Tells which of some events the log holds.
    pub(super) async fn held(
        &self,
        events: impl IntoIterator<Item = Placed>,
    ) -> EngineResult<HashSet<Placed>> {
        let places: HashSet<(ChatId, Seq)> = events
            .into_iter()
            .map(|(chat, seq, _)| (chat, seq))
            .collect();
        let found = each(places, async |(chat, seq)| {
            let Some(cell) = self.log_cell(chat, seq).await? else {
                return Ok(None);
            };
            let row: Beginning = minicbor::decode(&cell).map_err(|_| undecodable("log row"))?;
            Ok(Some((chat, seq, row.id)))
        });
        Ok(found.await?.into_iter().flatten().collect())
    }

    /// Picks the newest state whose event the log holds, of those that places up to one caused, for each of many things;
    /// states come newest first.
    pub(super) async fn newest_held<T>(
        &self,
        mut things: Vec<Vec<Caused<T>>>,
        up_to: Seq,
    ) -> EngineResult<Vec<Option<T>>> {
        for states in &mut things {
            states.retain(|state| state.purged || state.by.1 <= up_to);
        }
        let in_doubt = things.iter().flatten().filter(|state| !state.purged);
        let held = self.held(in_doubt.map(|state| state.by)).await?;
        let newest = |states: Vec<Caused<T>>| {
            let mut states = states.into_iter();
            let holds = states.find(|state| state.purged || held.contains(&state.by));
            holds.map(|state| state.value)
        };
        Ok(things.into_iter().map(newest).collect())
    }
}

/// Reads a row's cell.
pub(super) fn log_row(cell: &[u8]) -> EngineResult<LogRow> {
    LogRow::from_bytes(cell).map_err(|_| undecodable("log row"))
}

/// Reads a cell that isn't a log row's.
pub(super) fn decode<T: for<'c> Decode<'c, ()>>(cell: &[u8], what: &str) -> EngineResult<T> {
    minicbor::decode(cell).map_err(|_| undecodable(what))
}

#[cfg(test)]
mod tests {
    use chinwag_core::model::RowBody;
    use chinwag_proto::{Timestamp, UserId};

    use super::*;

    #[test]
    fn a_row_is_known_by_its_beginning() {
        let row = LogRow {
            term: Term(3),
            confirmed: Seq(1),
            seq: Seq(2),
            id: EventId(77),
            user: UserId::new("ana").unwrap(),
            timestamp: Timestamp::from_unix_millis(5),
            count: 0,
            previous_message: Seq(0),
            client_id: None,
            digest: None,
            body: RowBody::Term,
        };
        let beginning: Beginning = minicbor::decode(&row.to_bytes()).unwrap();
        assert_eq!(beginning.id, row.id);
    }
}
