//! Who was a member when: by places, as the log says it, and by time, as the requests say it.

mod absences;

use std::collections::HashMap;

use super::Index;
use super::tables::*;
use crate::check::history::{HistoryVisible, Kind};
use absences::{Moves, absences, note_askers, note_requests};

/// Holds a stretch of places that a member may see, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interval {
    /// The place of the joining, 0 for a member from the start.
    pub(crate) opened: u64,
    /// The first place that the member may see.
    pub(crate) from: u64,
    /// The place of the leaving, or `u64::MAX`.
    pub(crate) to: u64,
    /// The line from which on somebody was about to let the member in, 0 where that isn't known.
    pub(crate) asked_line: u32,
}

/// Holds a stretch of time in which a user surely wasn't a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Absence {
    /// When the leaving was acknowledged, 0 for somebody who hadn't joined before.
    pub(crate) after_at: u64,
    /// The line of that acknowledgement, 0 likewise.
    pub(crate) after_line: u32,
    /// The line at which somebody was about to add the user, or `NONE`.
    pub(crate) until_line: u32,
}

/// Holds the memberships of all chats.
#[derive(Debug, Default)]
pub(crate) struct Members {
    intervals: HashMap<(u32, u32), Vec<Interval>>,
    absences: HashMap<(u32, u32), Vec<Absence>>,
    /// The last place up to which each chat's log is known without a hole.
    known_to: Vec<u64>,
    /// Whether anybody's membership of a chat is known.
    has_members: Vec<bool>,
}

impl Members {
    /// Works the memberships out.
    pub(crate) fn of(index: &Index) -> Self {
        let mut members = Self::default();
        let mut moves: HashMap<(u32, u32), Moves> = HashMap::new();
        for (number, chat) in index.chats.iter().enumerate() {
            members.known_to.push(known_to(chat));
            members.read_log(index, number as u32, &mut moves);
            members.has_members.push(false);
        }
        for (chat, _) in members.intervals.keys() {
            members.has_members[*chat as usize] = true;
        }
        note_requests(index, &mut moves);
        for (key, moves) in moves {
            if let Some(intervals) = members.intervals.get_mut(&key) {
                note_askers(index, &moves, intervals);
            }
            let absences = absences(index, &moves, members.intervals.get(&key));
            if !absences.is_empty() {
                members.absences.insert(key, absences);
            }
        }
        members
    }

    /// Tells whether a user may see a place, as of another place of the chat.
    pub(crate) fn sees(&self, chat: u32, user: u32, seq: u64, as_of: u64) -> bool {
        let intervals = self.intervals(chat, user).iter();
        intervals
            .filter(|known| known.opened <= as_of)
            .any(|known| known.from <= seq && seq <= known.to)
    }

    /// Tells whether a user may be told of an event live at a line: who is let in again, to all that was said
    /// before, may get what was on its way.
    pub(crate) fn hears_event(&self, index: &Index, user: u32, fact: &Fact, line: u32) -> bool {
        let coming = self.intervals(fact.chat, user).iter();
        let as_of = coming
            .filter(|known| known.asked_line < line)
            .map(|known| known.opened)
            .max();
        let as_of = as_of.unwrap_or(0).max(fact.place.seq);
        self.sees_event(index, user, fact, as_of)
    }

    /// Tells whether a user may see an event, which needs its target too.
    pub(crate) fn sees_event(&self, index: &Index, user: u32, fact: &Fact, as_of: u64) -> bool {
        let target = match fact.target {
            0 => None,
            target => index.seq_of(fact.chat, target),
        };
        self.sees(fact.chat, user, fact.place.seq, as_of)
            && target.is_none_or(|target| self.sees(fact.chat, user, target, as_of))
    }

    /// Gives the intervals of a member.
    pub(crate) fn intervals(&self, chat: u32, user: u32) -> &[Interval] {
        self.intervals.get(&(chat, user)).map_or(&[], Vec::as_slice)
    }

    /// Gives the absences of a user.
    pub(crate) fn absences(&self, chat: u32, user: u32) -> &[Absence] {
        self.absences.get(&(chat, user)).map_or(&[], Vec::as_slice)
    }

    /// Tells whether memberships of a chat are known for all places up to one.
    pub(crate) fn known(&self, chat: u32, seq: u64) -> bool {
        let number = chat as usize;
        self.has_members.get(number).is_some_and(|has| *has) && self.known_to[number] >= seq
    }

    /// Tells whether the log of a chat's newest epoch is known for all places up to one.
    pub(crate) fn log_known(&self, index: &Index, chat: u32, epoch: u32, seq: u64) -> bool {
        index.chats[chat as usize].epoch() == epoch && self.known_to[chat as usize] >= seq
    }

    /// Finds the first of some places (both ends included) that a user has to be told of; each is
    /// one where nobody's membership is known.
    pub(crate) fn first_owed(
        &self,
        chat: u32,
        user: u32,
        hole: (u64, u64),
        as_of: u64,
    ) -> Option<u64> {
        if !self.has_members[chat as usize] {
            return (hole.0 <= hole.1).then_some(hole.0);
        }
        let intervals = self
            .intervals(chat, user)
            .iter()
            .filter(|known| known.opened <= as_of);
        let starts = intervals.filter_map(|known| {
            let start = known.from.max(hole.0);
            (start <= hole.1.min(known.to)).then_some(start)
        });
        starts.min()
    }

    /// Tells whether a user who may see a place never leaves afterwards; who has left can't fetch
    /// what they lack.
    pub(crate) fn stays(&self, chat: u32, user: u32, seq: u64) -> bool {
        let intervals = self.intervals(chat, user);
        let current = intervals.iter().rfind(|known| known.opened <= seq);
        !self.has_members[chat as usize] || current.is_some_and(|known| known.to == u64::MAX)
    }

    /// Gives the chats that each user was ever a member of.
    pub(crate) fn chats_by_user(&self) -> HashMap<u32, Vec<u32>> {
        let mut chats: HashMap<u32, Vec<u32>> = HashMap::new();
        for (chat, user) in self.intervals.keys() {
            chats.entry(*user).or_default().push(*chat);
        }
        chats.values_mut().for_each(|chats| chats.sort_unstable());
        chats
    }

    fn read_log(&mut self, index: &Index, number: u32, moves: &mut HashMap<(u32, u32), Moves>) {
        let chat = &index.chats[number as usize];
        for user in &chat.members {
            let start = Interval {
                opened: 0,
                from: 0,
                to: u64::MAX,
                asked_line: 0,
            };
            self.intervals.insert((number, *user), vec![start]);
        }
        let mut visible = chat.history_visible.unwrap_or(HistoryVisible::All);
        let first = Place {
            epoch: chat.epoch(),
            seq: 0,
        };
        for (place, newest) in chat.places.range(first..) {
            let changes = || {
                index
                    .said_of(*newest)
                    .filter_map(|fact| index.changes.get(fact.change as usize))
            };
            let (Some(fact), Some(change)) = (index.event_at(*newest), changes().next()) else {
                continue;
            };
            // Only some observers may know the setting.
            let now_visible = changes().find_map(|change| change.history_visible);
            if fact.kind == Kind::Chat {
                visible = now_visible.unwrap_or(visible);
            }
            let seq = place.seq;
            for user in &change.gone {
                let intervals = self.intervals.entry((number, *user)).or_default();
                if let Some(open) = intervals.last_mut().filter(|last| last.to == u64::MAX) {
                    open.to = seq;
                    moves.entry((number, *user)).or_default().closed.push(seq);
                }
            }
            let from = match now_visible.unwrap_or(visible) {
                HistoryVisible::All => 0,
                HistoryVisible::Joined => seq,
            };
            for user in &change.added {
                let intervals = self.intervals.entry((number, *user)).or_default();
                let joined = Interval {
                    opened: seq,
                    from,
                    to: u64::MAX,
                    asked_line: 0,
                };
                let open = intervals.last_mut().filter(|last| last.to == u64::MAX);
                if let Some(start) = open {
                    // The log itself tells where a member from the start came in.
                    if start.opened == 0 {
                        *start = joined;
                    }
                } else {
                    intervals.push(joined);
                    moves.entry((number, *user)).or_default().opened.push(seq);
                }
            }
        }
        self.intervals.retain(|_, intervals| !intervals.is_empty());
    }
}

/// Finds the last place up to which a chat's newest epoch has no hole.
fn known_to(chat: &Chat) -> u64 {
    let first = Place {
        epoch: chat.epoch(),
        seq: 0,
    };
    let mut known = 0;
    for (place, _) in chat.places.range(first..) {
        if place.seq != known + 1 {
            break;
        }
        known += 1;
    }
    known
}
