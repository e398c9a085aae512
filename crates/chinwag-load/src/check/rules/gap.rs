//! A place moves only over a gap-free prefix: what a device holds has no hole, and by a quiet
//! moment it holds everything. `hidden` fills a place.

mod device;

use super::Finder;
use crate::check::history::Via;
use crate::check::index::Index;
use crate::check::index::tables::PageRow;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "gap");
    for (number, page) in index.pages.iter().enumerate() {
        if matches!(page.via, Via::Events | Via::Sync | Via::Dump) {
            finder.checked();
            in_answer(index, number, page, &mut finder);
        }
    }
    device::check(index, &mut finder);
    finder.verdict
}

/// Holds one answer of places against what it should hold: every place from the one asked for to
/// its end, and to the chat's head if it says that nothing follows.
fn in_answer(index: &Index, number: usize, page: &PageRow, finder: &mut Finder<'_>) {
    let places: Vec<u64> = index.shown_by(page).map(|fact| fact.place.seq).collect();
    let end = end_of(index, number, page, &places);
    let mut next = match (page.after, places.first()) {
        (Some(after), _) if !page.limited => after.saturating_add(1),
        (_, Some(first)) => *first,
        // A limited answer without events leaves everything to history.
        (_, None) => return,
    };
    // Only messages come in such a dump, so places between them say nothing.
    let sparse = index.is_sparse_dump(page);
    for place in places
        .into_iter()
        .filter(|_| !sparse)
        .chain((!sparse).then_some(end.saturating_add(1)))
    {
        if place > next && report(index, page, (next, place - 1), end, finder) {
            return;
        }
        next = next.max(place.saturating_add(1));
    }
}

/// Finds the last place that the answer has to reach.
fn end_of(index: &Index, number: usize, page: &PageRow, places: &[u64]) -> u64 {
    let last = places.last().copied().unwrap_or(0);
    if page.has_more {
        return last;
    }
    let tail = index.page_tails[number];
    let tail = if tail.epoch == page.epoch {
        tail.seq
    } else {
        0
    };
    last.max(tail).max(page.head.unwrap_or(0))
}

fn report(
    index: &Index,
    page: &PageRow,
    hole: (u64, u64),
    end: u64,
    finder: &mut Finder<'_>,
) -> bool {
    let user = index.user_of(page.session);
    let missing = match page.via {
        Via::Dump => Some(hole.0),
        _ => index.members.first_owed(page.chat, user, hole, end),
    };
    let Some(missing) = missing else { return false };
    finder.found(Some(page.chat), &[page.line], || {
        let after = page.after.unwrap_or(0);
        format!("an answer of the places after {after} up to {end} skips place {missing}")
    });
    true
}
