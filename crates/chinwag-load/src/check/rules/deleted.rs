//! A deleted text is gone: no reading that began after the deletion's acknowledgement shows it,
//! and no later state of the message has one.

use std::collections::HashMap;

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::tables::{Asked, Place, Request};
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "deleted-text");
    read_later(index, &mut finder);
    came_back(index, &mut finder);
    finder.verdict
}

fn read_later(index: &Index, finder: &mut Finder<'_>) {
    let mut deletions: HashMap<(u32, u64), &Request> = HashMap::new();
    for request in index
        .requests
        .iter()
        .filter(|request| request.asked == Asked::Delete && request.acked())
    {
        let first = deletions
            .entry((request.chat, request.target))
            .or_insert(request);
        if request.acked_at < first.acked_at {
            *first = request;
        }
    }
    if deletions.is_empty() {
        return;
    }
    for seen in index.seen.iter().filter(|seen| !seen.live()) {
        let fact = &index.facts[seen.fact as usize];
        let page = &index.pages[seen.page as usize];
        let Some(deletion) = deletions.get(&(fact.chat, fact.message())) else {
            continue;
        };
        if page.asked <= deletion.acked_at || index.restored_between(deletion.ack_line, seen.line) {
            continue;
        }
        finder.checked();
        if fact.has_text {
            finder.found(
                Some(fact.chat),
                &[deletion.line, deletion.ack_line, seen.line],
                || {
                    let id = fact.message();
                    format!("the text of message {id} was read after its deletion was acknowledged")
                },
            );
        }
    }
}

fn came_back(index: &Index, finder: &mut Finder<'_>) {
    let mut deletions: HashMap<(u32, u64), (Place, u32)> = HashMap::new();
    for fact in index
        .facts
        .iter()
        .filter(|fact| fact.kind == Kind::Deletion && fact.target != 0)
    {
        let deletion = (fact.place, fact.line);
        let first = deletions
            .entry((fact.chat, fact.target))
            .or_insert(deletion);
        *first = deletion.min(*first);
    }
    for fact in index
        .facts
        .iter()
        .filter(|fact| !deletions.is_empty() && fact.has_text)
    {
        let Some((place, line)) = deletions.get(&(fact.chat, fact.message())) else {
            continue;
        };
        if fact.place.epoch != place.epoch {
            continue;
        }
        finder.checked();
        if fact.change_seq >= place.seq {
            finder.found(Some(fact.chat), &[*line, fact.line], || {
                let (id, deleted, seq) = (fact.message(), place.seq, fact.change_seq);
                format!("message {id}, deleted at place {deleted}, has a text as of place {seq}")
            });
        }
    }
}
