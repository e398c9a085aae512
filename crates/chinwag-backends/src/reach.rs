//! What a caller may find, made quick to ask: a user may be in thousands of chats, and a word in millions of messages.

use chinwag_core::{model::Interval, ports::Scope};
use chinwag_proto::{ChatId, Seq};

/// Chats, sorted, with what may be seen of each.
#[derive(Debug, Clone)]
pub(crate) struct Reach {
    chats: Vec<u64>,
    places: Vec<Places>,
}

/// What may be seen of one chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Places {
    /// All of it; so it is for most chats, and the place need not be read.
    All,
    /// What lies in one of these.
    Within(Vec<Interval>),
}

impl Reach {
    /// Makes it of a scope; a chat may stand there more than once.
    pub(crate) fn of(scope: &Scope) -> Self {
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

    pub(crate) fn is_empty(&self) -> bool {
        self.chats.is_empty()
    }

    /// Returns the chats, rising, each with what may be seen of it.
    #[cfg(feature = "opensearch")]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (ChatId, &Places)> {
        let chats = self.chats.iter().map(|chat| ChatId(*chat));
        chats.zip(&self.places)
    }

    /// Returns the chats, rising.
    #[cfg(feature = "tantivy")]
    pub(crate) fn chats(&self) -> impl ExactSizeIterator<Item = ChatId> + '_ {
        self.chats.iter().map(|chat| ChatId(*chat))
    }

    /// Returns what may be seen of a chat; none where nothing may.
    #[cfg(feature = "tantivy")]
    pub(crate) fn of_chat(&self, chat: u64) -> Option<&Places> {
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
    #[cfg(feature = "tantivy")]
    pub(crate) fn contain(&self, seq: impl FnOnce() -> u64) -> bool {
        match self {
            Self::All => true,
            Self::Within(intervals) => {
                let seq = Seq(seq());
                intervals.iter().any(|interval| interval.contains(seq))
            }
        }
    }
}

#[cfg(all(test, feature = "tantivy"))]
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
