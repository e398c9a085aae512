//! History is equal to live: one state of an event reads the same, whoever reads it and how.

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::names::NONE;
use crate::check::index::tables::Fact;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "same-content");
    let mut versions: Vec<(u32, u64, u64, u32)> = Vec::new();
    for chat in &index.chats {
        for newest in chat.places.values() {
            finder.checked();
            let alone = index.said_of(*newest).nth(1).is_none();
            for (number, fact) in numbered(index, *newest) {
                let unchanged = fact.change_seq == fact.place.seq && fact.kind == Kind::Message;
                if shows_state(fact) && !(alone && unchanged) {
                    versions.push((fact.place.epoch, fact.message(), fact.change_seq, number));
                }
            }
            if !alone {
                same_event(index, *newest, &mut finder);
            }
        }
    }
    versions.sort_unstable();
    for same in versions.chunk_by(|one, other| (one.0, one.1, one.2) == (other.0, other.1, other.2))
    {
        same_state(index, same.iter().map(|version| version.3), &mut finder);
    }
    finder.verdict
}

fn numbered(index: &Index, newest: u32) -> impl Iterator<Item = (u32, &Fact)> {
    let next = |number: &u32| Some(index.facts[*number as usize].next).filter(|next| *next != NONE);
    std::iter::successors(Some(newest), next).map(|number| (number, &index.facts[number as usize]))
}

/// Tells whether a fact shows a message's text, or that it has none any more.
fn shows_state(fact: &Fact) -> bool {
    let kind = matches!(fact.kind, Kind::Message | Kind::Edit | Kind::Deletion);
    kind && fact.message() != 0 && (fact.has_text || fact.deleted)
}

/// Holds what doesn't change with time against each other: kind, sender, target.
fn same_event(index: &Index, newest: u32, finder: &mut Finder<'_>) {
    let mut told = index
        .said_of(newest)
        .filter(|fact| fact.kind != Kind::Hidden);
    let Some(first) = told.next() else { return };
    for other in told.filter(|other| other.id == first.id) {
        let sender = first.sender != other.sender && first.sender != NONE && other.sender != NONE;
        let target = first.target != other.target && first.target != 0 && other.target != 0;
        let change = first.change != NONE
            && other.change != NONE
            && index.changes[first.change as usize] != index.changes[other.change as usize];
        if first.kind != other.kind || sender || target || change {
            finder.found(Some(first.chat), &[first.line, other.line], || {
                let seq = first.place.seq;
                format!("kind, sender, target or members of place {seq} differ between observers")
            });
        }
    }
}

fn same_state(index: &Index, facts: impl Iterator<Item = u32>, finder: &mut Finder<'_>) {
    let mut facts = facts.map(|number| &index.facts[number as usize]);
    let Some(first) = facts.next() else { return };
    for other in facts {
        finder.checked();
        let text = (first.has_text, first.digest) != (other.has_text, other.digest);
        if first.deleted != other.deleted || text {
            finder.found(Some(first.chat), &[first.line, other.line], || {
                let (id, seq) = (first.message(), first.change_seq);
                format!("message {id} as of place {seq} reads differently")
            });
        }
    }
}
