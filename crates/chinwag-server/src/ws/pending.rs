//! What waits for a socket that didn't take it.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;

use bytes::{Buf as _, Bytes};
use smallvec::SmallVec;

/// How many frames leave in one write; the kernel takes up to 1,024.
pub(super) const MAX_SLICES: usize = 64;

/// What a frame in the queue is, which decides what becomes of it under pressure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Must arrive, or the connection ends.
    Event,
    /// Is worth nothing late: typing, presence.
    Ephemeral,
    /// Answers a ping; only the newest is owed.
    Pong,
}

/// What became of a frame put into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pushed {
    Queued,
    Dropped,
    /// It doesn't fit, and nothing else may be dropped for it.
    Overflow,
}

#[derive(Debug)]
struct Waiting {
    frame: Bytes,
    kind: Kind,
}

impl Waiting {
    /// What a frame counts for: its bytes and its place in the queue, so that small frames
    /// can't cost more than the bound says.
    fn cost(&self) -> usize {
        self.frame.len() + mem::size_of::<Self>()
    }
}

/// Frames in the order in which they leave; the first may have left in part.
#[derive(Debug, Default)]
pub(super) struct Pending {
    frames: VecDeque<Waiting>,
    cost: usize,
    /// Part of the first frame has left: the rest must follow before anything else.
    started: bool,
}

impl Pending {
    /// Creates the queue with what the kernel left of one frame.
    pub(super) fn with_rest(rest: Bytes, kind: Kind, started: bool) -> Self {
        let first = Waiting { frame: rest, kind };
        Self {
            cost: first.cost(),
            frames: VecDeque::from([first]),
            started,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Counts what waits, in bytes, bookkeeping included.
    pub(super) fn cost(&self) -> usize {
        self.cost
    }

    /// Puts an event or an ephemeral frame at the end. Ephemeral ones may take up half the
    /// bound at most, and make room when an event doesn't fit.
    pub(super) fn push(&mut self, frame: Bytes, kind: Kind, bound: usize) -> Pushed {
        let waiting = Waiting { frame, kind };
        if kind == Kind::Ephemeral && self.cost + waiting.cost() > bound / 2 {
            return Pushed::Dropped;
        }
        if self.cost + waiting.cost() > bound {
            self.drop_ephemeral();
        }
        if self.cost + waiting.cost() > bound {
            return Pushed::Overflow;
        }
        self.cost += waiting.cost();
        self.frames.push_back(waiting);
        Pushed::Queued
    }

    /// Puts a pong where it leaves next, in the place of one that still waits there: a
    /// flood of pings never holds more than one answer.
    pub(super) fn push_pong(&mut self, frame: Bytes) {
        let pong = Waiting {
            frame,
            kind: Kind::Pong,
        };
        let next = usize::from(self.started);
        self.cost += pong.cost();
        match self.frames.get_mut(next) {
            Some(waiting) if waiting.kind == Kind::Pong => {
                self.cost -= waiting.cost();
                *waiting = pong;
            }
            _ => self.frames.insert(next, pong),
        }
    }

    /// Puts a last frame at the end, whatever waits.
    pub(super) fn push_last(&mut self, frame: Bytes) {
        let last = Waiting {
            frame,
            kind: Kind::Event,
        };
        self.cost += last.cost();
        self.frames.push_back(last);
    }

    /// Forgets all that hasn't begun to leave.
    pub(super) fn keep_started(&mut self) {
        self.frames.truncate(usize::from(self.started));
        self.frames.shrink_to_fit();
        self.count_again();
    }

    fn drop_ephemeral(&mut self) {
        let mut place = 0;
        let started = self.started;
        self.frames.retain(|waiting| {
            let leaves_now = started && place == 0;
            place += 1;
            leaves_now || waiting.kind != Kind::Ephemeral
        });
        self.count_again();
    }

    fn count_again(&mut self) {
        self.cost = self.frames.iter().map(Waiting::cost).sum();
    }

    /// Lists what to write next, in one call.
    pub(super) fn slices(&self) -> SmallVec<[IoSlice<'_>; MAX_SLICES]> {
        self.frames
            .iter()
            .take(MAX_SLICES)
            .map(|waiting| IoSlice::new(&waiting.frame))
            .collect()
    }

    /// Takes off what was written.
    pub(super) fn advance(&mut self, mut written: usize) {
        while let Some(first) = self.frames.front_mut() {
            if written < first.frame.len() {
                self.started |= written > 0;
                self.cost -= written;
                first.frame.advance(written);
                return;
            }
            written -= first.frame.len();
            self.cost -= first.cost();
            self.started = false;
            self.frames.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: usize = 1000;

    fn pending() -> Pending {
        Pending::with_rest(Bytes::from_static(b"first"), Kind::Event, false)
    }

    fn push(pending: &mut Pending, text: &'static str, kind: Kind) -> Pushed {
        pending.push(Bytes::from_static(text.as_bytes()), kind, BOUND)
    }

    /// What would leave, and that the cost is the sum of what waits.
    fn waits(pending: &Pending) -> String {
        let cost: usize = pending.frames.iter().map(Waiting::cost).sum();
        assert_eq!(pending.cost, cost);
        let slices = pending.slices();
        let texts: Vec<&str> = slices
            .iter()
            .map(|slice| str::from_utf8(slice).unwrap())
            .collect();
        texts.join(" ")
    }

    #[test]
    fn what_was_written_leaves_the_queue_wherever_it_ended() {
        let all = "first second third";
        for written in 0..=all.len() - 2 {
            let mut pending = pending();
            push(&mut pending, "second", Kind::Event);
            push(&mut pending, "third", Kind::Event);
            pending.advance(written);
            let joined = all.replace(' ', "");
            assert_eq!(waits(&pending).replace(' ', ""), joined[written..]);
            assert_eq!(pending.started, ![0, 5, 11, 16].contains(&written));
        }
    }

    #[test]
    fn ephemeral_frames_make_room_for_events() {
        let mut pending = pending();
        assert_eq!(
            push(&mut pending, "typing", Kind::Ephemeral),
            Pushed::Queued
        );
        let mut events = 0;
        while push(&mut pending, "event", Kind::Event) == Pushed::Queued {
            events += 1;
            let cost = pending.cost;
            assert!(cost <= BOUND, "{cost}");
        }
        assert!(!waits(&pending).contains("typing"));
        assert_eq!(pending.frames.len(), events + 1);
    }

    #[test]
    fn ephemeral_frames_take_up_half_the_bound_at_most() {
        let mut pending = pending();
        while push(&mut pending, "typing", Kind::Ephemeral) == Pushed::Queued {}
        assert!(pending.cost <= BOUND / 2);
        assert_eq!(
            push(&mut pending, "typing", Kind::Ephemeral),
            Pushed::Dropped
        );
        assert_eq!(push(&mut pending, "event", Kind::Event), Pushed::Queued);
    }

    #[test]
    fn a_frame_that_began_to_leave_is_never_dropped() {
        let mut pending = Pending::with_rest(Bytes::from_static(b"rest"), Kind::Ephemeral, true);
        push(&mut pending, "typing", Kind::Ephemeral);
        pending.drop_ephemeral();
        assert_eq!(waits(&pending), "rest");
        push(&mut pending, "event", Kind::Event);
        pending.keep_started();
        assert_eq!(waits(&pending), "rest");
    }

    #[test]
    fn only_the_newest_pong_waits_and_it_leaves_next() {
        let mut pending = pending();
        push(&mut pending, "event", Kind::Event);
        pending.advance(2);
        for pong in ["one", "two", "three"] {
            pending.push_pong(Bytes::from_static(pong.as_bytes()));
        }
        assert_eq!(waits(&pending), "rst three event");
        // The pong began to leave: it is finished, and another one follows.
        pending.advance(4);
        pending.push_pong(Bytes::from_static(b"four"));
        assert_eq!(waits(&pending), "hree four event");
    }

    #[test]
    fn one_write_takes_a_bounded_number_of_frames() {
        let mut pending = pending();
        for _ in 0..100 {
            pending.push(Bytes::from_static(b"e"), Kind::Event, usize::MAX);
        }
        assert_eq!(pending.slices().len(), MAX_SLICES);
    }
}
