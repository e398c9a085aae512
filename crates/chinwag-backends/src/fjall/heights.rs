//! The newest place of each chat that was written lately: what tells a new event from a repeated or late one.

use std::collections::HashMap;

use chinwag_core::ports::Stamp;
use chinwag_proto::ChatId;

/// How many chats one generation holds; two are kept, about 2 MiB each.
const GENERATION: usize = 1 << 16;

/// A bounded memory of the highest stamp of each chat.
///
/// An event above it is new: everything that it writes wins without being looked up, since all stamps of a chat
/// come from its own events.
#[derive(Debug, Default)]
pub(super) struct Heights {
    recent: HashMap<ChatId, Stamp>,
    older: HashMap<ChatId, Stamp>,
}

impl Heights {
    /// Returns the highest stamp of a chat, if it is remembered.
    pub(super) fn get(&self, chat: ChatId) -> Option<Stamp> {
        self.recent
            .get(&chat)
            .or_else(|| self.older.get(&chat))
            .copied()
    }

    /// Remembers a stamp of a chat; the highest place and the highest term stay.
    pub(super) fn raise(&mut self, chat: ChatId, stamp: Stamp) {
        let known = self.get(chat).unwrap_or(stamp);
        let highest = Stamp {
            term: known.term.max(stamp.term),
            seq: known.seq.max(stamp.seq),
        };
        if self.recent.len() >= GENERATION {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(chat, highest);
    }

    /// Forgets a chat.
    pub(super) fn forget(&mut self, chat: ChatId) {
        self.recent.remove(&chat);
        self.older.remove(&chat);
    }
}

#[cfg(test)]
mod tests {
    use chinwag_core::model::Term;
    use chinwag_proto::Seq;

    use super::*;

    fn stamp(term: u32, seq: u64) -> Stamp {
        Stamp {
            term: Term(term),
            seq: Seq(seq),
        }
    }

    #[test]
    fn the_highest_place_and_term_stay() {
        let mut heights = Heights::default();
        heights.raise(ChatId(1), stamp(2, 5));
        heights.raise(ChatId(1), stamp(1, 9));
        assert_eq!(heights.get(ChatId(1)), Some(stamp(2, 9)));
    }

    #[test]
    fn what_was_not_written_lately_is_forgotten() {
        let mut heights = Heights::default();
        heights.raise(ChatId(0), stamp(1, 1));
        for chat in 1..=2 * GENERATION as u64 {
            heights.raise(ChatId(chat), stamp(1, 1));
        }
        assert_eq!(heights.get(ChatId(0)), None);
        assert!(heights.recent.len() + heights.older.len() <= 2 * GENERATION);
    }
}
