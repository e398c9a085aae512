//! Pages of messages join without a gap or a repeat: each holds every message between its bounds.

use std::collections::BTreeSet;

use super::Finder;
use crate::check::history::{Kind, Via};
use crate::check::index::Index;
use crate::check::index::tables::PageRow;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "page");
    for (number, page) in index.pages.iter().enumerate() {
        if page.via != Via::History {
            continue;
        }
        match bounds(index, number, page) {
            Some(bounds) => judge(index, page, bounds, &mut finder),
            None => finder.unchecked(),
        }
    }
    finder.verdict
}

/// Holds places, both ends included.
#[derive(Clone, Copy)]
struct Bounds {
    /// Nothing outside may come.
    asked: (u64, u64),
    /// Everything inside must come.
    owed: (u64, u64),
    /// A place that surely existed when the page was read.
    as_of: u64,
}

/// Works out what a page may and must hold, if the history tells.
fn bounds(index: &Index, number: usize, page: &PageRow) -> Option<Bounds> {
    if page.epoch != index.chats[page.chat as usize].epoch() {
        return None;
    }
    let place = |id: u64| index.seq_of(page.chat, id);
    let low = if page.after_id == 0 {
        0
    } else {
        place(page.after_id)? + 1
    };
    let high = if page.before_id == 0 {
        u64::MAX
    } else {
        place(page.before_id)?.saturating_sub(1)
    };
    let places = || index.shown_by(page).map(|fact| fact.place.seq);
    let (first, last) = (places().min(), places().max());
    if first.is_none() && (page.has_more || has_left(index, page)) {
        return None;
    }
    let tail = index.page_tails[number];
    let tail = if tail.epoch == page.epoch {
        tail.seq
    } else {
        0
    };
    // What came after the last acknowledgement may or may not have been there.
    let end = tail.max(last.unwrap_or(0));
    let owed = match (page.has_more, page.newest_first) {
        (false, _) => (low, high.min(end)),
        (true, true) => (first?, high.min(end)),
        (true, false) => (low, last?),
    };
    let cursor = if high == u64::MAX {
        low.saturating_sub(1)
    } else {
        high.saturating_add(1)
    };
    Some(Bounds {
        asked: (low, high),
        owed,
        as_of: end.max(cursor),
    })
}

/// Tells whether an empty page may come of the user's leaving meanwhile.
fn has_left(index: &Index, page: &PageRow) -> bool {
    let user = index.user_of(page.session);
    index
        .members
        .intervals(page.chat, user)
        .iter()
        .any(|known| known.to != u64::MAX)
}

fn judge(index: &Index, page: &PageRow, bounds: Bounds, finder: &mut Finder<'_>) {
    finder.checked();
    let user = index.user_of(page.session);
    let shown: BTreeSet<u64> = index.shown_by(page).map(|fact| fact.place.seq).collect();
    let (low, high) = bounds.asked;
    if let Some(place) = shown.iter().find(|place| **place < low || **place > high) {
        finder.found(Some(page.chat), &[page.line], || {
            format!("a page shows place {place}, which lies outside of what was asked for")
        });
    }
    let (low, high) = bounds.owed;
    if low > high {
        return;
    }
    let messages = index
        .log(page.chat, page.epoch, low, high)
        .filter(|fact| fact.kind == Kind::Message);
    let missing = messages
        .filter(|fact| !shown.contains(&fact.place.seq))
        .find(|fact| {
            let seq = fact.place.seq;
            index
                .members
                .first_owed(page.chat, user, (seq, seq), bounds.as_of)
                .is_some()
        });
    if let Some(fact) = missing {
        finder.found(Some(page.chat), &[page.line, fact.line], || {
            format!(
                "a page of the messages from place {low} to {high} lacks place {}",
                fact.place.seq
            )
        });
    }
}
