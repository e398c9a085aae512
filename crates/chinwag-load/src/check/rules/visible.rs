//! Nobody is shown what lies outside their membership, and what lies inside isn't hidden.

use super::Finder;
use crate::check::history::{Kind, Via};
use crate::check::index::Index;
use crate::check::index::tables::{Fact, PageRow, Seen};
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "visible");
    for seen in &index.seen {
        event(index, seen, &mut finder);
    }
    for page in index.pages.iter().filter(|page| page.via != Via::Dump) {
        while_absent(index, page, &mut finder);
    }
    finder.verdict
}

fn event(index: &Index, seen: &Seen, finder: &mut Finder<'_>) {
    let page = index.pages.get(seen.page as usize);
    if page.is_some_and(|page| page.via == Via::Dump) {
        return;
    }
    let fact = &index.facts[seen.fact as usize];
    let epoch = index.chats[fact.chat as usize].epoch();
    if fact.place.epoch != epoch || !index.members.known(fact.chat, fact.place.seq) {
        finder.unchecked();
        return;
    }
    finder.checked();
    match fact.kind {
        Kind::Hidden => hidden(index, seen, fact, page, finder),
        _ => shown(index, seen, fact, finder),
    }
}

fn shown(index: &Index, seen: &Seen, fact: &Fact, finder: &mut Finder<'_>) {
    let user = index.user_of(seen.session);
    // Live, only those may hear who were members at that place or are let in again; a page may be read later.
    let may = if seen.live() {
        index.members.hears_event(index, user, fact, seen.line)
    } else {
        index.members.sees_event(index, user, fact, u64::MAX)
    };
    if !may {
        finder.found(Some(fact.chat), &[seen.line], || {
            let (user, seq) = (index.user_name(user), fact.place.seq);
            format!("{user} was shown place {seq}, which (or whose target) they may not see")
        });
    }
}

fn hidden(
    index: &Index,
    seen: &Seen,
    fact: &Fact,
    page: Option<&PageRow>,
    finder: &mut Finder<'_>,
) {
    let newest = index.chats[fact.chat as usize].places.get(&fact.place);
    let Some(event) = newest.and_then(|newest| index.event_at(*newest)) else {
        return;
    };
    let user = index.user_of(seen.session);
    // Whoever joins after the page was read sees more, but didn't yet.
    let as_of = page.map_or(fact.place.seq, |page| last_of(index, page));
    if index.members.sees_event(index, user, event, as_of) {
        finder.found(Some(fact.chat), &[seen.line, event.line], || {
            let (user, seq) = (index.user_name(user), fact.place.seq);
            format!("place {seq} was hidden from {user}, who may see it")
        });
    }
}

fn last_of(index: &Index, page: &PageRow) -> u64 {
    index
        .shown_by(page)
        .map(|fact| fact.place.seq)
        .max()
        .unwrap_or(0)
}

/// Finds answers with events that were asked for after the leaving, or before the joining.
fn while_absent(index: &Index, page: &PageRow, finder: &mut Finder<'_>) {
    let told = index.shown_by(page).any(|fact| fact.kind != Kind::Hidden);
    let user = index.user_of(page.session);
    for absence in index.members.absences(page.chat, user) {
        let began = page.asked > absence.after_at && page.line > absence.after_line;
        if !began || page.line > absence.until_line {
            continue;
        }
        finder.checked();
        if told {
            finder.found(Some(page.chat), &[absence.after_line, page.line], || {
                format!(
                    "{} was answered with events while no member",
                    index.user_name(user)
                )
            });
        }
    }
}
