//! An epoch never falls, and rises only where loss was accepted.

use std::collections::HashMap;

use super::Finder;
use crate::check::index::Index;
use crate::check::index::tables::EpochSeen;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "epoch");
    rises(index, &mut finder);
    live(index, &mut finder);
    pages(index, &mut finder);
    finder.verdict
}

fn rises(index: &Index, finder: &mut Finder<'_>) {
    for (number, chat) in index.chats.iter().enumerate() {
        for pair in chat.epochs.windows(2) {
            finder.checked();
            if !index.restored_between(0, pair[1].line) {
                finder.found(Some(number as u32), &[pair[0].line, pair[1].line], || {
                    format!("the epoch rose to {} without loss accepted", pair[1].epoch)
                });
            }
        }
    }
}

fn live(index: &Index, finder: &mut Finder<'_>) {
    let mut last: HashMap<(u32, u32), (u32, u32)> = HashMap::new();
    for seen in index.seen.iter().filter(|seen| seen.live()) {
        finder.checked();
        let fact = &index.facts[seen.fact as usize];
        let epoch = fact.place.epoch;
        let last = last
            .entry((seen.session, fact.chat))
            .or_insert((epoch, seen.line));
        if epoch < last.0 {
            finder.found(Some(fact.chat), &[last.1, seen.line], || {
                format!("a session was told epoch {} and then epoch {epoch}", last.0)
            });
        }
        *last = (*last).max((epoch, seen.line));
    }
}

fn pages(index: &Index, finder: &mut Finder<'_>) {
    for page in &index.pages {
        finder.checked();
        let epochs = index.chats[page.chat as usize].epochs.iter();
        let before = |seen: &&EpochSeen| seen.at < page.asked && seen.epoch > page.epoch;
        if let Some(seen) = epochs.rev().find(before) {
            finder.found(Some(page.chat), &[seen.line, page.line], || {
                format!(
                    "epoch {} was seen, and later asked for epoch {} came",
                    seen.epoch, page.epoch
                )
            });
        }
    }
}
