//! Where a page of history begins: a time, or the id of an event of the chat.

use chinwag_proto::{ErrorCode, EventId, Problem, Seq, Timestamp, snowflake};

use super::{Reads, access::View};

/// Places read in one step of the search by id: 16 parts a step, so five steps for a million places.
const PROBES: u64 = 15;

/// A cursor as a client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cursor {
    /// A moment; events have the time of their id.
    Time(Timestamp),
    /// An event.
    Event(EventId),
}

impl Cursor {
    /// Reads a cursor; `badCursor` for any other text.
    pub(super) fn parse(text: &str) -> Result<Self, Problem> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Event(id));
        }
        text.parse().map(Self::Time).map_err(|_| bad_cursor())
    }
}

fn bad_cursor() -> Problem {
    let detail = "expected an RFC 3339 time with a zone, or the id of an event of this chat";
    Problem::new(ErrorCode::BadCursor, detail)
}

impl Reads {
    /// Finds the first place at the cursor or after it; one above the head where there is none.
    pub(super) async fn place_at(&self, view: &View, cursor: Cursor) -> Result<Seq, Problem> {
        match cursor {
            Cursor::Event(id) => self.place_of(view, id).await,
            Cursor::Time(time) => {
                let lowest = EventId(snowflake::lowest_at(time));
                self.first_place_from(view, lowest).await
            }
        }
    }

    /// Finds the first place after the cursor; one above the head where there is none.
    pub(super) async fn place_after(&self, view: &View, cursor: Cursor) -> Result<Seq, Problem> {
        match cursor {
            Cursor::Event(id) => Ok(self.place_of(view, id).await?.next()),
            Cursor::Time(time) => {
                let lowest = EventId(snowflake::lowest_at(time.plus_millis(1)));
                self.first_place_from(view, lowest).await
            }
        }
    }

    /// Finds the first place whose id is at or above one: ids rise with places, so a search by halves (here by
    /// sixteenths, for fewer round trips) finds it whatever shares a millisecond.
    pub(super) async fn first_place_from(&self, view: &View, id: EventId) -> Result<Seq, Problem> {
        // Every place up to `below` has a lower id; `found` has not, or is one above the head.
        let (mut below, mut found) = (0, view.head.0 + 1);
        while found - below > 1 {
            let step = (found - below).div_ceil(PROBES + 1).max(1);
            let probes = (1..=PROBES).map(|probe| below + probe * step);
            let places: Vec<_> = probes
                .take_while(|place| *place < found)
                .map(|place| (view.chat, Seq(place)))
                .collect();
            for (row, (_, seq)) in self.ports.store.rows(&places).await?.iter().zip(&places) {
                let Some(row) = row else {
                    return Err(self.missing(view.chat, *seq).await);
                };
                if row.id >= id {
                    found = seq.0;
                    break;
                }
                below = seq.0;
            }
        }
        Ok(Seq(found))
    }

    /// Finds an event of this chat; one that the caller may not see is as unknown as one of another chat.
    async fn place_of(&self, view: &View, id: EventId) -> Result<Seq, Problem> {
        match self.ports.store.find(id).await? {
            Some((chat, seq))
                if chat == view.chat && seq <= view.head && view.intervals().contains(seq) =>
            {
                Ok(seq)
            }
            _ => Err(bad_cursor()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_an_id_or_a_time_with_a_zone() {
        assert_eq!(Cursor::parse("17"), Ok(Cursor::Event(EventId(17))));
        let time = "2026-01-31T12:00:00+01:00";
        assert_eq!(Cursor::parse(time), Ok(Cursor::Time(time.parse().unwrap())));
        for wrong in ["", "-1", "017", "2026-01-31T12:00:00", "yesterday", "1e3"] {
            let code = Cursor::parse(wrong).unwrap_err().code;
            assert_eq!(code, ErrorCode::BadCursor, "{wrong:?}");
        }
    }
}
