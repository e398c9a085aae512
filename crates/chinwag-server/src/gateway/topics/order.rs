//! The events of one large chat in order of place, however they came.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use chinwag_core::ports::{Broadcast, BroadcastFrame, BusMessage};
use chinwag_proto::Seq;

/// Events held at a gap; where more come the gap is given up and the clients fetch.
pub(super) const HELD: usize = 1_024;

/// Places of which it is remembered how they came: as many as are read for one who joined.
pub(super) const REMEMBERED: usize = 256;

/// How an event came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    /// Addressed to users.
    Direct,
    /// On the chat's topic.
    Topic,
}

/// One event of a message that carries several.
#[derive(Clone)]
pub(super) struct Came {
    message: Arc<BusMessage>,
    index: usize,
    pub(super) path: Path,
}

/// Which place comes next, and what came too early.
#[derive(Default)]
pub(in crate::gateway) struct Order {
    /// Places below were read by sync, or came directly: the topic's are not delivered. None until the head was read.
    start: Option<Seq>,
    next: Seq,
    held: BTreeMap<Seq, Came>,
    /// How the last places before `next` came.
    recent: VecDeque<Path>,
    /// Whether something was lost for good, so that the clients must fetch.
    pub(super) lost: bool,
}

/// What becomes of an event that came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It waits for its turn, which may be now.
    Held,
    /// It is delivered as it is addressed, apart from the order.
    Passes,
    /// It was delivered already.
    Double,
}

impl Came {
    /// Returns the events of a message.
    pub(super) fn all(message: &Arc<BusMessage>, path: Path) -> impl Iterator<Item = Came> {
        let count = match &**message {
            BusMessage::Events(broadcast) => broadcast.frames.len(),
            _ => 0,
        };
        (0..count).map(move |index| Came {
            message: Arc::clone(message),
            index,
            path,
        })
    }

    /// Returns the event and the message that brought it.
    pub(super) fn parts(&self) -> Option<(&Broadcast, &BroadcastFrame)> {
        match &*self.message {
            BusMessage::Events(broadcast) => Some((broadcast, broadcast.frames.get(self.index)?)),
            _ => None,
        }
    }

    pub(super) fn frame(&self) -> Option<&BroadcastFrame> {
        self.parts().map(|(_, frame)| frame)
    }
}

impl Order {
    /// Begins after the head.
    pub(super) fn begin(&mut self, head: Seq) {
        self.start = Some(head.next());
        self.next = head.next();
        self.held = self.held.split_off(&self.next);
    }

    /// Returns the place that comes next; none before the head was read.
    pub(super) fn next(&self) -> Option<Seq> {
        self.start.map(|_| self.next)
    }

    /// Takes an event.
    pub(super) fn put(&mut self, came: Came) -> Put {
        let Some(seq) = came.frame().map(|frame| frame.frame.seq) else {
            return Put::Double;
        };
        let early = self.start.is_none_or(|start| seq < start);
        if early && came.path == Path::Direct {
            return Put::Passes;
        }
        if self.start.is_some() && seq < self.next {
            return Put::Double;
        }
        if self.held.len() >= HELD && !self.held.contains_key(&seq) {
            self.give_up(seq);
        }
        self.held.entry(seq).or_insert(came);
        Put::Held
    }

    /// Gives the gap up: what is held goes out, and the clients fetch the rest.
    fn give_up(&mut self, seq: Seq) {
        self.lost = true;
        if self.start.is_some() {
            let first = self.held.keys().next().copied().unwrap_or(seq);
            self.next = first.min(seq);
            self.recent.clear();
        } else {
            self.held.clear();
        }
    }

    /// Returns the next events that may go out, all of one path, up to one that `ends` a run.
    pub(super) fn take_run(&mut self, ends: impl Fn(&BroadcastFrame) -> bool) -> Vec<Came> {
        let mut run: Vec<Came> = Vec::new();
        if self.start.is_none() {
            return run;
        }
        while let Some(came) = self.held.get(&self.next) {
            if run.first().is_some_and(|first| first.path != came.path) {
                break;
            }
            let ended = came.frame().is_none_or(&ends);
            if self.recent.len() == REMEMBERED {
                self.recent.pop_front();
            }
            self.recent.push_back(came.path);
            run.extend(self.held.remove(&self.next));
            self.next = self.next.next();
            if ended {
                break;
            }
        }
        run
    }

    /// Returns how a place came that went out, as far as that is remembered.
    pub(super) fn path_of(&self, seq: Seq) -> Option<Path> {
        let back = usize::try_from(self.next.0.checked_sub(seq.0)?).ok()?;
        let index = self.recent.len().checked_sub(back)?;
        self.recent.get(index).copied()
    }

    /// Returns the places that are missing before what is held.
    pub(super) fn gap(&self) -> Option<(Seq, Seq)> {
        self.start?;
        let first = self.held.keys().next()?;
        (self.next < *first).then(|| (self.next, Seq(first.0 - 1)))
    }

    /// Goes on at a place although what lies before it is missing.
    pub(super) fn skip_to(&mut self, seq: Seq) {
        if self.start.is_some() && self.next < seq {
            self.next = seq;
            self.lost = true;
            self.recent.clear();
            self.held = self.held.split_off(&seq);
        }
    }
}

#[cfg(test)]
mod tests {
    use chinwag_core::ports::Broadcast;
    use chinwag_proto::{
        ChatId, Epoch,
        frames::{LogBody, LogFrame},
    };

    use super::*;

    fn came(places: &[u64], path: Path) -> Vec<Came> {
        let frame = |seq: &u64| BroadcastFrame {
            frame: LogFrame {
                chat_id: ChatId(1),
                epoch: Epoch(1),
                seq: Seq(*seq),
                body: LogBody::Hidden,
            },
            target: None,
            hidden_from: Vec::new(),
            except: None,
        };
        let message = BusMessage::Events(Broadcast {
            chat: ChatId(1),
            frames: places.iter().map(frame).collect(),
            users: [].into(),
        });
        Came::all(&Arc::new(message), path).collect()
    }

    fn put(order: &mut Order, places: &[u64], path: Path) -> Vec<Put> {
        came(places, path)
            .into_iter()
            .map(|came| order.put(came))
            .collect()
    }

    fn out(order: &mut Order) -> Vec<u64> {
        let mut places = Vec::new();
        loop {
            let run = order.take_run(|_| false);
            if run.is_empty() {
                return places;
            }
            places.extend(run.iter().map(|came| came.frame().unwrap().frame.seq.0));
        }
    }

    #[test]
    fn events_go_out_in_order_once_whatever_path_they_came() {
        let mut order = Order::default();
        order.begin(Seq(4));
        assert_eq!(
            put(&mut order, &[6, 7], Path::Topic),
            [Put::Held, Put::Held]
        );
        assert_eq!(out(&mut order), [0; 0]);
        assert_eq!(order.gap(), Some((Seq(5), Seq(5))));
        put(&mut order, &[5, 6], Path::Direct);
        assert_eq!(out(&mut order), [5, 6, 7]);
        assert_eq!(
            put(&mut order, &[5, 7], Path::Topic),
            [Put::Double, Put::Double]
        );
        assert_eq!(order.gap(), None);
        let paths: Vec<_> = (4..9).map(|seq| order.path_of(Seq(seq))).collect();
        let (direct, topic) = (Some(Path::Direct), Some(Path::Topic));
        assert_eq!(paths, [None, direct, topic, topic, None]);
    }

    #[test]
    fn before_the_start_only_what_is_addressed_passes() {
        let mut order = Order::default();
        assert_eq!(put(&mut order, &[3], Path::Direct), [Put::Passes]);
        assert_eq!(
            put(&mut order, &[3, 5], Path::Topic),
            [Put::Held, Put::Held]
        );
        order.begin(Seq(4));
        assert_eq!(put(&mut order, &[4], Path::Direct), [Put::Passes]);
        assert_eq!(put(&mut order, &[4], Path::Topic), [Put::Double]);
        assert_eq!(out(&mut order), [5]);
    }

    #[test]
    fn what_is_held_is_bounded_and_a_gap_given_up_is_told() {
        let mut order = Order::default();
        order.begin(Seq(0));
        let places: Vec<u64> = (2..2 + HELD as u64).collect();
        put(&mut order, &places, Path::Topic);
        assert!(!order.lost);
        put(&mut order, &[2 + HELD as u64], Path::Topic);
        assert!(order.lost);
        assert_eq!(out(&mut order).len(), HELD + 1);
    }
}
