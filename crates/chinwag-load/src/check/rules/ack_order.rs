//! Who got the acknowledgement of p before sending q has p before q.

use std::collections::HashMap;

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::tables::{Asked, Place, Request};
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "ack-order");
    let landed = landed_without_ack(index);
    let mut moments: Vec<(u32, u32)> = Vec::new();
    for (number, request) in index.requests.iter().enumerate() {
        if request.asked == Asked::Message && request.line != 0 {
            moments.push((request.line, number as u32));
            if request.acked() {
                moments.push((request.ack_line, number as u32));
            }
        }
    }
    moments.sort_unstable();

    let mut last_acked: HashMap<(u32, u32), (Place, u32)> = HashMap::new();
    for (line, number) in moments {
        let request = &index.requests[number as usize];
        let sender = (request.chat, request.user);
        if line == request.ack_line {
            let last = last_acked.entry(sender).or_insert((request.place, line));
            *last = (*last).max((request.place, line));
        } else if let Some(floor) = last_acked.get(&sender) {
            let place = if request.acked() {
                Some(&request.place)
            } else {
                landed.get(&number)
            };
            judge(request, place, *floor, &mut finder);
        }
    }
    finder.verdict
}

fn judge(request: &Request, place: Option<&Place>, floor: (Place, u32), finder: &mut Finder<'_>) {
    let (floor, ack_line) = floor;
    let Some(place) = place.filter(|place| place.epoch == floor.epoch) else {
        return;
    };
    finder.checked();
    if place.seq <= floor.seq {
        finder.found(
            Some(request.chat),
            &[ack_line, request.line, request.ack_line],
            || {
                let (seq, floor) = (place.seq, floor.seq);
                format!(
                    "sent after place {floor} was acknowledged to its sender, and placed at {seq}"
                )
            },
        );
    }
}

/// Finds the places of messages that nobody got acknowledged.
fn landed_without_ack(index: &Index) -> HashMap<u32, Place> {
    let messages = index.facts.iter().filter(|fact| fact.kind == Kind::Message);
    let unacked = messages.filter(|fact| {
        let request = index.requests.get(fact.request as usize);
        request.is_some_and(|request| !request.acked())
    });
    unacked.map(|fact| (fact.request, fact.place)).collect()
}
