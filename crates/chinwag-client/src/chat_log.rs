//! One chat's places as the client holds them: gaps are seen, doubles dropped, order kept.

use std::collections::BTreeMap;

use chinwag_proto::{
    Epoch, Seq,
    frames::{LogFrame, Place},
};

/// Frames held beyond a gap; above it the furthest are dropped and fetched later.
const HELD: usize = 1_000;

/// A chat's log up to a place without gaps, and what came beyond.
///
/// The place moves over a gap-free prefix alone, so that asking for what comes after it never skips anything.
#[derive(Debug, Clone)]
pub struct ChatLog {
    epoch: Epoch,
    place: Seq,
    held: BTreeMap<Seq, LogFrame>,
}

/// What became of a frame.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Received {
    /// What can be shown now, in order.
    pub ready: Vec<LogFrame>,
    /// Whether places are missing before what is held: ask for the events after the place.
    pub gap: bool,
    /// Whether the frame belongs to another epoch: the chat must be taken anew.
    pub other_epoch: bool,
}

impl ChatLog {
    /// Starts at a place.
    #[must_use]
    pub fn at(place: Place) -> Self {
        Self {
            epoch: place.epoch,
            place: place.seq,
            held: BTreeMap::new(),
        }
    }

    /// Returns the last place of the gap-free prefix.
    #[must_use]
    pub fn place(&self) -> Place {
        Place {
            epoch: self.epoch,
            seq: self.place,
        }
    }

    /// Returns whether something is held beyond a gap.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a frame, from whichever way it came.
    pub fn receive(&mut self, frame: LogFrame) -> Received {
        if frame.epoch != self.epoch {
            return Received {
                other_epoch: true,
                ..Received::default()
            };
        }
        if frame.seq > self.place {
            self.held.insert(frame.seq, frame);
        }
        let ready = self.let_out();
        while self.held.len() > HELD {
            self.held.pop_last();
        }
        Received {
            ready,
            gap: !self.held.is_empty(),
            other_epoch: false,
        }
    }

    /// Skips to a place: what lies before is given up, what is held beyond it comes out.
    pub fn restart(&mut self, place: Place) -> Vec<LogFrame> {
        self.epoch = place.epoch;
        self.place = place.seq;
        self.held = self.held.split_off(&place.seq.next());
        self.held.retain(|_, frame| frame.epoch == place.epoch);
        self.let_out()
    }

    /// Moves the place over what follows without a gap.
    fn let_out(&mut self) -> Vec<LogFrame> {
        let mut ready = Vec::new();
        while let Some(next) = self.held.remove(&self.place.next()) {
            self.place = next.seq;
            ready.push(next);
        }
        ready
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ChatId, frames::LogBody};
    use proptest::prelude::*;

    use super::*;

    fn frame(seq: u64) -> LogFrame {
        LogFrame {
            chat_id: ChatId(1),
            epoch: Epoch(1),
            seq: Seq(seq),
            body: LogBody::Hidden,
        }
    }

    fn log() -> ChatLog {
        ChatLog::at(Place {
            epoch: Epoch(1),
            seq: Seq(0),
        })
    }

    #[test]
    fn a_live_message_before_the_catch_up_moves_no_place_over_the_gap() {
        let mut log = log();
        assert_eq!(log.receive(frame(1)).ready.len(), 1);
        let live = log.receive(frame(21));
        assert!(live.ready.is_empty() && live.gap);
        assert_eq!(log.place().seq, Seq(1));
        let mut shown = Vec::new();
        for seq in 2..=20 {
            shown.extend(log.receive(frame(seq)).ready);
        }
        assert_eq!(shown.last().unwrap().seq, Seq(21));
        assert_eq!(shown.len(), 20);
    }

    #[test]
    fn another_epoch_is_told() {
        let mut log = log();
        assert!(
            log.receive(LogFrame {
                epoch: Epoch(2),
                ..frame(1)
            })
            .other_epoch
        );
        assert_eq!(log.place().seq, Seq(0));
    }

    proptest! {
        #[test]
        fn any_order_with_doubles_shows_each_place_once_in_order(
            order in Just((1..=60_u64).chain(1..=60).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut log = log();
            let shown: Vec<u64> = order.into_iter().flat_map(|seq| log.receive(frame(seq)).ready).map(|f| f.seq.0).collect();
            prop_assert_eq!(shown, (1..=60).collect::<Vec<_>>());
        }

        #[test]
        fn whatever_is_lost_shows_as_a_gap_and_is_repaired(lost in proptest::collection::hash_set(1..60_u64, 0..30)) {
            let mut log = log();
            let mut shown = Vec::new();
            for seq in (1..=60).filter(|seq| !lost.contains(seq)) {
                let received = log.receive(frame(seq));
                shown.extend(received.ready);
                while shown.len() < seq as usize {
                    let after = log.place().seq.0;
                    shown.extend(log.receive(frame(after + 1)).ready);
                }
            }
            prop_assert_eq!(shown.iter().map(|f| f.seq.0).collect::<Vec<_>>(), (1..=60).collect::<Vec<_>>());
        }
    }
}
