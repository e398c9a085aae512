//! A read mark never moves back unless `unread: true` says so.

use std::collections::HashMap;

use super::Finder;
use crate::check::index::Index;
use crate::check::index::tables::{Asked, MarkRow, Request};
use crate::check::report::Verdict;

/// Holds the requests of one user in one chat that moved a mark, by the time of their end.
#[derive(Default)]
struct Moves<'a> {
    forward: Vec<&'a Request>,
    back: Vec<&'a Request>,
}

impl<'a> Moves<'a> {
    /// Finds the highest mark acknowledged before a time, if none was ever set back: then it says
    /// nothing of what stands.
    fn acked_before(&self, at: u64) -> Option<&'a Request> {
        let before = self
            .forward
            .partition_point(|request| request.acked_at < at);
        let last = before.checked_sub(1).map(|last| self.forward[last]);
        last.filter(|_| self.back.is_empty())
    }
}

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "read-mark");
    let moves = moves(index);
    let nothing = Moves::default();
    let mut seen: HashMap<(u32, u32, u32), Vec<&MarkRow>> = HashMap::new();
    for mark in &index.marks {
        finder.checked();
        let moves = moves.get(&(mark.chat, mark.user)).unwrap_or(&nothing);
        let seen = seen
            .entry((mark.session, mark.chat, mark.user))
            .or_default();
        let allowed = moves
            .back
            .iter()
            .any(|back| back.line < mark.line && back.target <= mark.id);
        if let Some((line, id)) =
            floor(mark, moves, seen).filter(|(_, id)| *id > mark.id && !allowed)
        {
            finder.found(Some(mark.chat), &[line, mark.line], || {
                let (user, now) = (index.user_name(mark.user), mark.id);
                format!("the read mark of {user} stood at {id} and then at {now}")
            });
        }
        // A mark that is no higher than one seen before can't raise the floor.
        if seen.last().is_none_or(|last| last.id < mark.id || allowed) {
            seen.push(mark);
        }
    }
    finder.verdict
}

fn moves(index: &Index) -> HashMap<(u32, u32), Moves<'_>> {
    let mut moves: HashMap<(u32, u32), Moves<'_>> = HashMap::new();
    for request in index.requests.iter().filter(|request| !request.refused()) {
        let moves = moves.entry((request.chat, request.user));
        match request.asked {
            Asked::Read if request.acked() => moves.or_default().forward.push(request),
            Asked::ReadUnread => moves.or_default().back.push(request),
            _ => {}
        }
    }
    for moves in moves.values_mut() {
        moves.forward.sort_by_key(|request| request.acked_at);
        // Only those that raise the mark matter, so the last one before a time is the highest.
        let mut highest = 0;
        moves.forward.retain(|request| {
            let raises = request.target > highest;
            highest = highest.max(request.target);
            raises
        });
    }
    moves
}

/// Finds the highest mark that surely stood before this one was seen, and the line that shows it.
fn floor(mark: &MarkRow, moves: &Moves<'_>, seen: &[&MarkRow]) -> Option<(u32, u64)> {
    let Some(asked) = mark.asked else {
        // Live marks come in order among themselves; an answer may have overtaken them.
        let last = seen.iter().rfind(|other| other.asked.is_none())?;
        return Some((last.line, last.id));
    };
    let before = seen
        .iter()
        .rfind(|other| other.at < asked)
        .map(|other| (other.line, other.id));
    let acked = moves
        .acked_before(asked)
        .map(|request| (request.ack_line, request.target));
    before.into_iter().chain(acked).max_by_key(|(_, id)| *id)
}
