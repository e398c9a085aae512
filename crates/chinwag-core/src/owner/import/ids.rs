//! Ids of imported events (rule I3): the later of the line's time and the id before it, under the imports' number,
//! and never one that another chat's event has.

use std::collections::HashMap;

use chinwag_proto::{ChatId, ErrorCode, EventId, Problem, Timestamp, snowflake};

use crate::owner::Owner;

/// Where chats begin to count in a millisecond, spread over half of the counters: chats filled with lines of the same
/// times then rarely try ids that another has.
const STARTS: u32 = 11;
/// How often ids are chosen anew because other chats have some of them.
const TRIES: usize = 64;

impl Owner {
    /// Chooses ids above a chat's last one for events of certain times, which lie between 2000 and 2069, and reserves
    /// them.
    pub(super) async fn choose_ids(
        &self,
        chat: ChatId,
        last: EventId,
        times: &[Timestamp],
    ) -> Result<Vec<EventId>, Problem> {
        let start = start_of(chat);
        let mut answered: HashMap<EventId, bool> = HashMap::new();
        for _ in 0..TRIES {
            let ids = rising(last, times, start, |id| answered.get(&id) == Some(&false));
            let unasked = ids.iter().filter(|id| !answered.contains_key(id));
            let unasked: Vec<EventId> = unasked.copied().collect();
            if unasked.is_empty() {
                return Ok(ids);
            }
            // Only now and then is one taken: by another chat's event of the same millisecond.
            let reserved = self.ports.store.reserve(chat, &unasked).await?;
            answered.extend(unasked.into_iter().zip(reserved));
        }
        let detail = "other imports have all ids of these times; try again";
        Err(Problem::new(ErrorCode::Overloaded, detail).retry_after(1_000))
    }
}

/// Returns an id for each time, each above the one before, and none that is taken: over what is taken it leaps ever
/// further, since others may have all ids of a stretch.
fn rising(
    mut last: EventId,
    times: &[Timestamp],
    start: u16,
    is_taken: impl Fn(EventId) -> bool,
) -> Vec<EventId> {
    let mut next = |at: &Timestamp| {
        last = above(last, *at, start);
        let mut leap = 1;
        while is_taken(last) {
            for _ in 0..leap {
                last = above(last, *at, start);
            }
            leap *= 2;
        }
        last
    };
    times.iter().map(&mut next).collect()
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
    use std::collections::HashSet;

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
    fn ids_that_others_have_are_left_out() {
        let times = [AT, AT, AT.plus_millis(1)];
        let all = rising(EventId(0), &times, 7, |_| false);
        let others = rising(EventId(0), &times, 7, |id| id == all[0] || id == all[2]);
        assert_eq!(others[0], all[1]);
        assert!(others.is_sorted() && others.iter().all(|id| *id != all[0] && *id != all[2]));
    }

    #[test]
    fn a_stretch_that_others_have_is_left_behind_in_a_few_steps() {
        let first = above(EventId(0), AT, 7);
        let mut known = HashSet::new();
        let mut rounds = 0;
        loop {
            let id = rising(EventId(0), &[AT], 7, |id| known.contains(&id))[0];
            if id.0 >= first.0 + 1_000 {
                break;
            }
            known.insert(id);
            rounds += 1;
        }
        assert!(rounds <= 10, "{rounds}");
    }

    #[test]
    fn an_imported_id_lies_above_a_live_one_of_its_millisecond() {
        let millis = snowflake::millis_of(AT).unwrap();
        let live = EventId(snowflake::compose(millis, 1022, snowflake::COUNTERS - 1));
        let next = above(live, AT, 0);
        assert!(next > live && snowflake::time(next.0) == AT);
    }
}
