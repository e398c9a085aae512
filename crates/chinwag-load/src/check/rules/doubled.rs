//! A request takes one place, however often it is tried: once in the log, one id in its answers.

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "doubled");
    in_the_log(index, &mut finder);
    in_answers(index, &mut finder);
    finder.verdict
}

fn in_the_log(index: &Index, finder: &mut Finder<'_>) {
    let mut placed: Vec<(u32, u64, u32)> = Vec::new();
    for (number, fact) in index.facts.iter().enumerate() {
        let dump = index.chats[fact.chat as usize].last_dump();
        let dumped = dump.is_some_and(|dump| dump.number == fact.dump);
        let known = (fact.request as usize) < index.requests.len();
        if dumped && known && fact.kind == Kind::Message {
            placed.push((fact.request, fact.place.seq, number as u32));
        }
    }
    placed.sort_unstable();
    placed.dedup_by_key(|(request, seq, _)| (*request, *seq));
    for same in placed.chunk_by(|one, other| one.0 == other.0) {
        finder.checked();
        let [first, others @ ..] = same else { continue };
        for other in others {
            let (first, other) = (
                &index.facts[first.2 as usize],
                &index.facts[other.2 as usize],
            );
            let request = &index.requests[first.request as usize];
            finder.found(
                Some(first.chat),
                &[request.line, first.line, other.line],
                || {
                    let (place, again) = (first.place.seq, other.place.seq);
                    format!("one request's message stands at place {place} and again at {again}")
                },
            );
        }
    }
}

fn in_answers(index: &Index, finder: &mut Finder<'_>) {
    let acked = index
        .requests
        .iter()
        .filter(|request| request.acked() && request.id != 0);
    finder.verdict.checked += acked.count() as u64;
    for other in &index.other_acks {
        let request = &index.requests[other.request as usize];
        if index.restored_between(request.ack_line, other.line) {
            continue;
        }
        finder.found(
            Some(request.chat),
            &[request.line, request.ack_line, other.line],
            || {
                let (id, again) = (request.id, other.id);
                format!("one request was acknowledged as event {id} and again as {again}")
            },
        );
    }
}
