//! One order for all: a place holds one event, ids rise with places, answers keep that order.

use super::Finder;
use crate::check::history::Via;
use crate::check::index::Index;
use crate::check::index::tables::PageRow;
use crate::check::report::Verdict;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "one-order");
    places(index, &mut finder);
    acknowledgements(index, &mut finder);
    for page in &index.pages {
        in_page(index, page, &mut finder);
    }
    finder.verdict
}

fn places(index: &Index, finder: &mut Finder<'_>) {
    for (number, chat) in index.chats.iter().enumerate() {
        let mut before: Option<(u32, u64, u32)> = None;
        for (place, newest) in &chat.places {
            let mut told = index.said_of(*newest).filter(|fact| fact.id != 0);
            let Some(first) = told.next() else { continue };
            finder.checked();
            if let Some(other) = told.find(|other| other.id != first.id) {
                finder.found(Some(number as u32), &[first.line, other.line], || {
                    let (seq, one, two) = (place.seq, other.id, first.id);
                    format!("place {seq} was shown as event {one} and as event {two}")
                });
            }
            if let Some((_, id, line)) =
                before.filter(|(epoch, id, _)| *epoch == place.epoch && *id >= first.id)
            {
                finder.found(Some(number as u32), &[line, first.line], || {
                    let (seq, after) = (place.seq, first.id);
                    format!("ids don't rise with places: {after} at place {seq} comes after {id}")
                });
            }
            before = Some((place.epoch, first.id, first.line));
        }
    }
}

fn acknowledgements(index: &Index, finder: &mut Finder<'_>) {
    for request in index.requests.iter().filter(|request| request.id != 0) {
        let chat = &index.chats[request.chat as usize];
        let newest = chat.places.get(&request.place);
        let Some(fact) = newest.and_then(|newest| index.event_at(*newest)) else {
            continue;
        };
        finder.checked();
        if fact.id != 0 && fact.id != request.id {
            finder.found(Some(request.chat), &[request.ack_line, fact.line], || {
                let (seq, id, other) = (request.place.seq, request.id, fact.id);
                format!(
                    "event {id} was acknowledged at place {seq}, which was shown as event {other}"
                )
            });
        }
    }
}

fn in_page(index: &Index, page: &PageRow, finder: &mut Finder<'_>) {
    if page.via == Via::Search {
        return;
    }
    finder.checked();
    let places: Vec<u64> = index.shown_by(page).map(|fact| fact.place.seq).collect();
    let wrong = places.windows(2).find(|pair| match page.newest_first {
        true => pair[0] <= pair[1],
        false => pair[0] >= pair[1],
    });
    if let Some(pair) = wrong {
        finder.found(Some(page.chat), &[page.line], || {
            format!("an answer shows place {} before place {}", pair[0], pair[1])
        });
    }
}
