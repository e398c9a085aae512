//! When a user surely wasn't a member, by the requests that moved them.

use std::collections::HashMap;

use super::{Absence, Interval};
use crate::check::index::Index;
use crate::check::index::names::NONE;
use crate::check::index::tables::{Asked, Request};

/// Holds a user's comings and goings in one chat.
#[derive(Debug, Default)]
pub(super) struct Moves {
    pub(super) opened: Vec<u64>,
    pub(super) closed: Vec<u64>,
    pub(super) adds: Vec<u32>,
    pub(super) removes: Vec<u32>,
}

pub(super) fn note_requests(index: &Index, moves: &mut HashMap<(u32, u32), Moves>) {
    for (number, request) in index.requests.iter().enumerate() {
        let Some(users) = index.user_lists.get(request.users as usize) else {
            continue;
        };
        if request.refused() {
            continue;
        }
        for user in users {
            let moves = moves.entry((request.chat, *user)).or_default();
            match request.asked {
                Asked::Add => moves.adds.push(number as u32),
                _ => moves.removes.push(number as u32),
            }
        }
    }
}

/// Notes for each stretch of a membership when somebody was about to begin it: by the request behind it, or, where
/// that isn't known, as the n-th stretch needs n requests.
pub(super) fn note_askers(index: &Index, moves: &Moves, intervals: &mut [Interval]) {
    let adds = pair(index, &moves.opened, &moves.adds);
    let requests = moves.adds.iter();
    let mut lines: Vec<u32> = requests
        .map(|number| index.requests[*number as usize].line)
        .collect();
    lines.sort_unstable();
    for (number, opened) in moves.opened.iter().enumerate() {
        let known = adds.get(opened).map(|add| add.line);
        let line = known.or_else(|| lines.get(number).copied());
        let stretch = intervals.iter_mut().find(|known| known.opened == *opened);
        if let (Some(stretch), Some(line)) = (stretch, line) {
            stretch.asked_line = line;
        }
    }
}

pub(super) fn absences(
    index: &Index,
    moves: &Moves,
    intervals: Option<&Vec<Interval>>,
) -> Vec<Absence> {
    let adds = pair(index, &moves.opened, &moves.adds);
    let removes = pair(index, &moves.closed, &moves.removes);
    let mut absences = Vec::new();
    let first = intervals.and_then(|intervals| intervals.first());
    if let Some(add) = first
        .filter(|first| first.opened > 0)
        .and_then(|first| adds.get(&first.opened))
    {
        absences.push(Absence {
            after_at: 0,
            after_line: 0,
            until_line: add.line,
        });
    }
    for closed in &moves.closed {
        let Some(remove) = removes.get(closed).filter(|remove| remove.acked()) else {
            continue;
        };
        let next = moves.opened.iter().find(|opened| *opened > closed);
        let until_line = match next {
            Some(opened) => adds.get(opened).map(|add| add.line),
            None => Some(first_add_after(index, &moves.adds, remove.ack_line)),
        };
        let Some(until_line) = until_line.filter(|until| *until > remove.ack_line) else {
            continue;
        };
        let (after_at, after_line) = (remove.acked_at, remove.ack_line);
        absences.push(Absence {
            after_at,
            after_line,
            until_line,
        });
    }
    absences
}

/// Finds the first line at which somebody may have begun to bring the user back.
fn first_add_after(index: &Index, adds: &[u32], line: u32) -> u32 {
    let adds = adds.iter().map(|number| &index.requests[*number as usize]);
    let open = adds.filter(|add| !add.acked() || add.ack_line > line);
    open.map(|add| add.line).min().unwrap_or(NONE)
}

/// Finds the request behind each place: by the place that was acknowledged, or, where answers
/// don't tell places, one after the other, if there are as many requests as places.
fn pair<'a>(index: &'a Index, places: &[u64], requests: &[u32]) -> HashMap<u64, &'a Request> {
    let requests = requests
        .iter()
        .map(|number| &index.requests[*number as usize]);
    let (placed, unplaced): (Vec<_>, Vec<_>) = requests.partition(|request| request.id != 0);
    let mut pairs: HashMap<u64, &Request> = HashMap::new();
    for request in placed {
        if places.contains(&request.place.seq) {
            pairs.insert(request.place.seq, request);
        }
    }
    let rest: Vec<u64> = places
        .iter()
        .copied()
        .filter(|place| !pairs.contains_key(place))
        .collect();
    if rest.len() == unplaced.len() {
        pairs.extend(rest.into_iter().zip(unplaced));
    }
    pairs
}
