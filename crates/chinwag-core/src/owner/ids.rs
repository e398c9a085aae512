//! Gives ids: one generator a node, always under its own number (rule I1).

use std::sync::atomic::{AtomicU64, Ordering};

use chinwag_proto::{EventId, Timestamp, snowflake};

use crate::model::NodeId;

/// How far above its own time a renewal lets ids go, milliseconds.
pub(super) const PROMISE_MS: u64 = 20_000;

/// Gives ids that rise for ever, whatever the clock does.
///
/// Ids follow the clock; where it stands or steps back they go on above the last one given. None is given above
/// the promise that was stored, and the number's next holder starts above it, so nothing is given twice.
#[derive(Debug)]
pub(super) struct IdGenerator {
    node: NodeId,
    last: AtomicU64,
    promised_millis: AtomicU64,
    /// How far an id would have had to go that couldn't be given, milliseconds since 2000.
    wanted_millis: AtomicU64,
}

impl IdGenerator {
    /// Starts above what the number's last holder was promised, milliseconds since 2000.
    pub(super) fn above(node: NodeId, promised_before: u64) -> Self {
        let floor = if promised_before == 0 {
            0
        } else {
            snowflake::compose(promised_before, node.0, snowflake::COUNTERS - 1)
        };
        Self {
            node,
            last: floor.into(),
            promised_millis: promised_before.into(),
            wanted_millis: 0.into(),
        }
    }

    /// Returns the promise to store now: ids go up to it once it is kept. Where a chat's last id was too far ahead, having
    /// been given by a node whose clock was, it reaches beyond that one.
    pub(super) fn promise_for(&self, now: Timestamp) -> u64 {
        let last = snowflake::millis(self.last.load(Ordering::SeqCst));
        let wanted = self.wanted_millis.load(Ordering::SeqCst);
        snowflake::millis_of(now).unwrap_or(0).max(last).max(wanted) + PROMISE_MS
    }

    /// Lets ids go up to a promise that is stored now.
    pub(super) fn promised(&self, millis: u64) {
        self.promised_millis.fetch_max(millis, Ordering::SeqCst);
    }

    /// Gives an id above `floor` and above every one given before; nothing where the promise doesn't reach.
    pub(super) fn next(&self, now: Timestamp, floor: EventId) -> Option<EventId> {
        let promised = self.promised_millis.load(Ordering::SeqCst);
        let now = snowflake::millis_of(now).unwrap_or(0).min(promised);
        let mut last = self.last.load(Ordering::SeqCst);
        loop {
            let id = self.after(last.max(self.at_or_above(floor)), now);
            if snowflake::millis(id) > promised {
                let wanted = snowflake::millis(id);
                self.wanted_millis.fetch_max(wanted, Ordering::SeqCst);
                return None;
            }
            match self
                .last
                .compare_exchange_weak(last, id, Ordering::SeqCst, Ordering::SeqCst)
            {
                Ok(_) => return Some(EventId(id)),
                Err(newer) => last = newer,
            }
        }
    }

    /// Returns this node's highest id that isn't above `floor`'s millisecond, when that is needed to pass it.
    fn at_or_above(&self, floor: EventId) -> u64 {
        if snowflake::node(floor.0) == self.node.0 {
            return floor.0;
        }
        snowflake::compose(
            snowflake::millis(floor.0),
            self.node.0,
            snowflake::COUNTERS - 1,
        )
    }

    fn after(&self, last: u64, now: u64) -> u64 {
        if now > snowflake::millis(last) {
            return snowflake::compose(now, self.node.0, 0);
        }
        let counter = snowflake::counter(last) + 1;
        if counter < snowflake::COUNTERS {
            snowflake::compose(snowflake::millis(last), self.node.0, counter)
        } else {
            snowflake::compose(snowflake::millis(last) + 1, self.node.0, 0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn generator() -> IdGenerator {
        let ids = IdGenerator::above(NodeId(3), 0);
        ids.promised(ids.promise_for(NOW));
        ids
    }

    #[test]
    fn ids_rise_within_a_millisecond_and_past_its_counter() {
        let ids = generator();
        let mut last = EventId(0);
        for _ in 0..10_000 {
            let id = ids.next(NOW, EventId(0)).unwrap();
            assert!(id > last && snowflake::node(id.0) == 3);
            last = id;
        }
    }

    #[test]
    fn a_clock_that_steps_back_repeats_nothing_and_never_stops() {
        let ids = generator();
        let before = ids.next(NOW, EventId(0)).unwrap();
        let after = ids.next(NOW.plus_millis(-300_000), EventId(0)).unwrap();
        assert!(after > before);
    }

    #[test]
    fn a_clock_that_steps_far_ahead_stays_below_the_promise() {
        let ids = generator();
        let id = ids.next(NOW.plus_millis(300_000), EventId(0)).unwrap();
        assert!(snowflake::millis(id.0) <= snowflake::millis_of(NOW).unwrap() + PROMISE_MS);
    }

    #[test]
    fn a_restart_an_hour_back_starts_above_the_promise() {
        let ids = generator();
        let before = ids.next(NOW.plus_millis(19_999), EventId(0)).unwrap();
        let promised = ids.promise_for(NOW);
        let restarted = IdGenerator::above(NodeId(3), promised);
        let an_hour_back = NOW.plus_millis(-3_600_000);
        restarted.promised(restarted.promise_for(an_hour_back));
        assert!(restarted.next(an_hour_back, EventId(0)).unwrap() > before);
    }

    #[test]
    fn an_id_lies_above_the_chats_last_one_of_whichever_node() {
        let ids = generator();
        let millis = snowflake::millis_of(NOW).unwrap() + 5;
        for floor in [
            snowflake::compose(millis, 9, 17),
            snowflake::compose(millis, 3, 17),
            snowflake::compose(5, 1, 0),
        ] {
            assert!(ids.next(NOW, EventId(floor)).unwrap().0 > floor);
        }
    }

    #[test]
    fn a_chat_whose_last_id_is_minutes_ahead_gets_another_once_that_is_promised() {
        let ids = generator();
        let floor = snowflake::millis_of(NOW).unwrap() + 300_000;
        let floor = EventId(snowflake::compose(floor, 9, 17));
        assert_eq!(ids.next(NOW, floor), None);
        ids.promised(ids.promise_for(NOW));
        assert!(ids.next(NOW, floor).unwrap() > floor);
    }

    #[test]
    fn nothing_is_given_before_a_promise_is_stored() {
        assert_eq!(IdGenerator::above(NodeId(3), 0).next(NOW, EventId(0)), None);
    }
}
