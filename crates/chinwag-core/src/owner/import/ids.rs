//! Ids of imported events (rule I3): the later of the line's time and the id before it, under the imports' number,
//! and never one that another chat's event has.

use std::collections::HashSet;

use chinwag_proto::{ChatId, EventId, Problem, Timestamp, snowflake};
use parking_lot::Mutex;

use crate::owner::Owner;

/// Where chats begin to count in a millisecond, spread over half of the counters: chats filled with lines of the same
/// times then rarely try ids that another has.
const STARTS: u32 = 11;

/// Ids that imports have chosen and that the store may not show yet: no two imports choose one.
#[derive(Debug, Default)]
pub(in crate::owner) struct ChosenIds(Mutex<HashSet<EventId>>);

/// Ids chosen for one call; others may choose them again once this is dropped, unless the store shows them.
pub(super) struct Chosen<'a> {
    all: &'a ChosenIds,
    held: Vec<EventId>,
    /// In the order of the question.
    pub(super) ids: Vec<EventId>,
}

impl Drop for Chosen<'_> {
    fn drop(&mut self) {
        let mut all = self.all.0.lock();
        for id in &self.held {
            all.remove(id);
        }
    }
}

impl Owner {
    /// Chooses ids above a chat's last one for events of certain times, which lie between 2000 and 2069.
    pub(super) async fn choose_ids(
        &self,
        chat: ChatId,
        last: EventId,
        times: impl Iterator<Item = Timestamp>,
    ) -> Result<Chosen<'_>, Problem> {
        let start = start_of(chat);
        let mut chosen = Chosen {
            all: &self.chosen_ids,
            held: Vec::new(),
            ids: Vec::new(),
        };
        let mut last = last;
        for at in times {
            let mut id = above(last, at, start);
            // Only now and then is one taken: by another chat's event of the same millisecond.
            while !chosen.hold(id) || self.ports.store.find(id).await?.is_some() {
                id = above(id, at, start);
            }
            chosen.ids.push(id);
            last = id;
        }
        Ok(chosen)
    }
}

impl Chosen<'_> {
    fn hold(&mut self, id: EventId) -> bool {
        let is_free = self.all.0.lock().insert(id);
        if is_free {
            self.held.push(id);
        }
        is_free
    }
}

fn start_of(chat: ChatId) -> u16 {
    let mixed = chat.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    u16::try_from(mixed >> (u64::BITS - STARTS)).unwrap_or_default()
}

/// Returns the first id above another one that has the later of both times.
fn above(last: EventId, at: Timestamp, start: u16) -> EventId {
    let millis = snowflake::millis_of(at).unwrap_or_default();
    let last_millis = snowflake::millis(last.0);
    let fresh = |millis| EventId(snowflake::compose(millis, snowflake::IMPORT_NODE, start));
    if millis > last_millis {
        return fresh(millis);
    }
    if snowflake::node(last.0) < snowflake::IMPORT_NODE {
        return fresh(last_millis);
    }
    if snowflake::counter(last.0) + 1 < snowflake::COUNTERS {
        return EventId(last.0 + 1);
    }
    fresh(last_millis + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_unix_millis(1_100_000_000_000);

    #[test]
    fn an_imported_id_takes_the_later_of_the_lines_time_and_the_id_before() {
        let first = above(EventId(0), AT, 7);
        let same = above(first, AT, 7);
        let backwards = above(same, AT.plus_millis(-5_000), 7);
        let later = above(backwards, AT.plus_millis(1), 7);
        assert!(first < same && same < backwards && backwards < later);
        let times = [first, same, backwards, later].map(|id| snowflake::time(id.0));
        assert_eq!(times, [AT, AT, AT, AT.plus_millis(1)]);
    }

    #[test]
    fn an_imported_id_stays_under_the_imports_number_when_a_millisecond_is_used_up() {
        let mut last = EventId(0);
        for _ in 0..10_000 {
            let next = above(last, AT, start_of(ChatId(99)));
            assert!(next > last && snowflake::node(next.0) == snowflake::IMPORT_NODE);
            last = next;
        }
    }

    #[test]
    fn an_imported_id_lies_above_a_live_one_of_its_millisecond() {
        let millis = snowflake::millis_of(AT).unwrap();
        let live = EventId(snowflake::compose(millis, 1022, snowflake::COUNTERS - 1));
        let next = above(live, AT, 0);
        assert!(next > live && snowflake::time(next.0) == AT);
    }
}
