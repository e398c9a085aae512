//! Ids remove doubles: an event has one id and one place, a request one id, whoever looks.

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::tables::{Asked, Fact};
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "shown-twice");
    one_place_an_id(index, &mut finder);
    one_id_a_request(index, &mut finder);
    one_request_an_id(index, &mut finder);
    finder.verdict
}

fn one_place_an_id(index: &Index, finder: &mut Finder<'_>) {
    for same in index.by_id.chunk_by(|one, other| one.0 == other.0) {
        finder.checked();
        let first = &index.facts[same[0].1 as usize];
        for (_, other) in &same[1..] {
            let other = &index.facts[*other as usize];
            if (first.chat, first.place.seq) != (other.chat, other.place.seq) {
                finder.found(Some(first.chat), &[first.line, other.line], || {
                    let (chat, seq) = (index.chat_name(other.chat), other.place.seq);
                    let (id, place) = (first.id, first.place.seq);
                    format!("event {id} was shown at place {place} and at {seq} of chat {chat}")
                });
            }
            if first.kind == Kind::Message && requests_differ(index, first, other) {
                finder.found(Some(first.chat), &[first.line, other.line], || {
                    format!("event {} was shown for two requests", first.id)
                });
            }
        }
    }
}

fn requests_differ(index: &Index, one: &Fact, other: &Fact) -> bool {
    let known = |number: u32| index.requests.get(number as usize).is_some();
    one.request != other.request && known(one.request) && known(other.request)
}

fn one_id_a_request(index: &Index, finder: &mut Finder<'_>) {
    let mut shown: Vec<(u32, u32, u64, u32)> = Vec::new();
    for (number, fact) in index.facts.iter().enumerate() {
        let known = (fact.request as usize) < index.requests.len();
        if known && fact.id != 0 && fact.kind == Kind::Message {
            shown.push((fact.request, fact.place.epoch, fact.id, number as u32));
        }
    }
    for (request, .., number) in &shown {
        acknowledged_as_it_is(index, *request, &index.facts[*number as usize], finder);
    }
    shown.sort_unstable();
    // Loss accepted lets a request be placed anew, so only one epoch's ids are compared.
    for same in shown.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        let first = &index.facts[same[0].3 as usize];
        for (.., id, other) in &same[1..] {
            let other = &index.facts[*other as usize];
            // Two that stand in the log are the rule "doubled"'s.
            if *id == first.id || (in_last_dump(index, first) && in_last_dump(index, other)) {
                continue;
            }
            finder.found(Some(first.chat), &[first.line, other.line], || {
                format!(
                    "one request was shown as event {} and as event {id}",
                    first.id
                )
            });
        }
    }
}

/// Holds the id that a request was acknowledged with against the id of the message that bears its name.
fn acknowledged_as_it_is(index: &Index, number: u32, fact: &Fact, finder: &mut Finder<'_>) {
    let request = &index.requests[number as usize];
    let same_epoch = request.place.epoch == fact.place.epoch;
    // Where the event acknowledged bears the name too, its two ids are compared among what was shown.
    let shown = || {
        index
            .facts_of(request.id)
            .any(|fact| fact.request == number)
    };
    if request.id != 0 && same_epoch && request.id != fact.id && !shown() {
        finder.found(Some(fact.chat), &[request.ack_line, fact.line], || {
            let (acked, id) = (request.id, fact.id);
            format!("one request was acknowledged as event {acked} and shown as event {id}")
        });
    }
}

fn in_last_dump(index: &Index, fact: &Fact) -> bool {
    let dump = index.chats[fact.chat as usize].last_dump();
    dump.is_some_and(|dump| dump.number == fact.dump)
}

fn one_request_an_id(index: &Index, finder: &mut Finder<'_>) {
    let messages = index
        .requests
        .iter()
        .filter(|request| request.asked == Asked::Message);
    let mut acked: Vec<_> = messages.filter(|request| request.id != 0).collect();
    acked.sort_unstable_by_key(|request| request.id);
    for pair in acked.windows(2).filter(|pair| pair[0].id == pair[1].id) {
        let lines = [
            pair[0].line,
            pair[0].ack_line,
            pair[1].line,
            pair[1].ack_line,
        ];
        finder.found(Some(pair[0].chat), &lines, || {
            format!("event {} was acknowledged for two requests", pair[0].id)
        });
    }
}
