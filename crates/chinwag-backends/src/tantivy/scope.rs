//! What a caller may find, made quick to ask: a user may be in thousands of chats, and a word in millions of messages.

use chinwag_core::{
    model::Interval,
    ports::{Scope, SearchRequest},
};
use chinwag_proto::{ChatId, Seq};

/// Chats, sorted, with what may be seen of each.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    chats: Vec<u64>,
    places: Vec<Places>,
}

/// What may be seen of one chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Places {
    /// All of it; so it is for most chats, and the place need not be read.
    All,
    /// What lies in one of these.
    Within(Vec<Interval>),
}

impl Reach {
    /// Makes it of a scope; a chat may stand there more than once.
    pub(super) fn of(scope: &Scope) -> Self {
        let mut sorted: Vec<(ChatId, &[Interval])> = scope
            .0
            .iter()
            .map(|(chat, intervals)| (*chat, intervals.as_slice()))
            .filter(|(_, intervals)| !intervals.is_empty())
            .collect();
        sorted.sort_by_key(|(chat, _)| *chat);
        let mut reach = Self {
            chats: Vec::with_capacity(sorted.len()),
            places: Vec::with_capacity(sorted.len()),
        };
        for (chat, intervals) in sorted {
            if reach.chats.last() != Some(&chat.0) {
                reach.chats.push(chat.0);
                reach.places.push(Places::Within(Vec::new()));
            }
            if let Some(places) = reach.places.last_mut() {
                places.add(intervals);
            }
        }
        reach
    }

    pub(super) fn is_empty(&self) -> bool {
        self.chats.is_empty()
    }

    /// Returns the chats, rising.
    pub(super) fn chats(&self) -> impl ExactSizeIterator<Item = ChatId> + '_ {
        self.chats.iter().map(|chat| ChatId(*chat))
    }

    /// Returns what may be seen of a chat; none where nothing may.
    pub(super) fn of_chat(&self, chat: u64) -> Option<&Places> {
        let index = self.chats.binary_search(&chat).ok()?;
        self.places.get(index)
    }
}

impl Places {
    fn add(&mut self, intervals: &[Interval]) {
        let is_all = |interval: &Interval| interval.from <= Seq(1) && interval.through.is_none();
        match self {
            Self::All => {}
            Self::Within(_) if intervals.iter().any(is_all) => *self = Self::All,
            Self::Within(places) => places.extend_from_slice(intervals),
        }
    }

    /// Returns whether a place may be seen.
    pub(super) fn contain(&self, seq: impl FnOnce() -> u64) -> bool {
        match self {
            Self::All => true,
            Self::Within(intervals) => {
                let seq = Seq(seq());
                intervals.iter().any(|interval| interval.contains(seq))
            }
        }
    }
}

/// From when until when, in milliseconds: inclusive, exclusive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    from: i64,
    to: i64,
}

impl Times {
    /// Makes it of a request; none where any time will do.
    pub(super) fn of(request: &SearchRequest) -> Option<Self> {
        if request.from.is_none() && request.to.is_none() {
            return None;
        }
        let millis = |time: chinwag_proto::Timestamp| time.unix_millis();
        Some(Self {
            from: request.from.map_or(i64::MIN, millis),
            to: request.to.map_or(i64::MAX, millis),
        })
    }

    pub(super) fn contain(self, time: i64) -> bool {
        self.from <= time && time < self.to
    }

    /// Returns whether any time between two, both included, lies in it.
    pub(super) fn meet(self, earliest: i64, latest: i64) -> bool {
        self.from <= latest && earliest < self.to
    }
}

#[cfg(test)]
mod tests {
    use chinwag_core::model::Intervals;

    use super::*;

    fn within(from: u64, through: u64) -> Intervals {
        let interval = Interval {
            from: Seq(from),
            through: Some(Seq(through)),
        };
        [interval].into_iter().collect()
    }

    #[test]
    fn a_chat_that_stands_there_twice_is_seen_by_either() {
        let reach = Reach::of(&Scope(vec![
            (ChatId(9), within(1, 2)),
            (ChatId(3), within(5, 6)),
            (ChatId(9), within(8, 8)),
            (ChatId(4), Intervals::default()),
            (ChatId(3), Intervals::from(Seq(1))),
        ]));
        assert_eq!(reach.chats().collect::<Vec<_>>(), [ChatId(3), ChatId(9)]);
        assert_eq!(reach.of_chat(3), Some(&Places::All));
        assert_eq!(reach.of_chat(4), None);
        let nine = reach.of_chat(9).unwrap();
        let seen: Vec<u64> = (0..12).filter(|seq| nine.contain(|| *seq)).collect();
        assert_eq!(seen, [1, 2, 8]);
    }
}
