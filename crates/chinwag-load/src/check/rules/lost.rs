//! What was acknowledged, or shown to anybody, is in the chat's final log.

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::tables::{Asked, Dump, Fact};
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "lost");
    acknowledged(index, &mut finder);
    for same in index.by_id.chunk_by(|one, other| one.0 == other.0) {
        let first = same
            .iter()
            .map(|(_, fact)| &index.facts[*fact as usize])
            .min_by_key(|fact| fact.line);
        if let Some(first) = first.filter(|fact| !is_acknowledged(index, fact)) {
            shown(index, first, &mut finder);
        }
    }
    finder.verdict
}

fn acknowledged(index: &Index, finder: &mut Finder<'_>) {
    for request in index
        .requests
        .iter()
        .filter(|request| request.acked() && request.id != 0)
    {
        let dump = index.chats[request.chat as usize].last_dump();
        let dump = dump.filter(|dump| request.acked_at < dump.asked);
        let Some(dump) = dump.filter(|dump| !dump.only_messages || request.asked == Asked::Message)
        else {
            finder.unchecked();
            continue;
        };
        if excused(index, request.place.epoch, request.ack_line, dump) {
            finder.unchecked();
            continue;
        }
        finder.checked();
        if !in_dump(index, request.chat, request.id, dump) {
            let lines = [request.line, request.ack_line, dump.line, dump.end_line];
            finder.found(Some(request.chat), &lines, || {
                let (id, seq) = (request.id, request.place.seq);
                format!("event {id} was acknowledged at place {seq} and isn't in the final log")
            });
        }
    }
}

fn shown(index: &Index, fact: &Fact, finder: &mut Finder<'_>) {
    let dump = index.chats[fact.chat as usize].last_dump();
    let dump = dump.filter(|dump| fact.at < dump.asked);
    let Some(dump) = dump.filter(|dump| !dump.only_messages || fact.kind == Kind::Message) else {
        return;
    };
    if excused(index, fact.place.epoch, fact.line, dump) {
        finder.unchecked();
        return;
    }
    finder.checked();
    if !in_dump(index, fact.chat, fact.id, dump) {
        finder.found(
            Some(fact.chat),
            &[fact.line, dump.line, dump.end_line],
            || {
                let (id, seq) = (fact.id, fact.place.seq);
                format!("event {id} was shown at place {seq} and isn't in the final log")
            },
        );
    }
}

fn is_acknowledged(index: &Index, fact: &Fact) -> bool {
    let request = index.requests.get(fact.request as usize);
    request.is_some_and(|request| request.acked() && request.id == fact.id)
}

/// Tells whether loss was accepted after this was seen.
fn excused(index: &Index, epoch: u32, line: u32, dump: &Dump) -> bool {
    epoch < dump.epoch && index.restored_between(line, dump.line)
}

fn in_dump(index: &Index, chat: u32, id: u64, dump: &Dump) -> bool {
    index
        .facts_of(id)
        .any(|fact| fact.chat == chat && fact.dump == dump.number)
}
