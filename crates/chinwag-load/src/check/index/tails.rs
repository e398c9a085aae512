//! What was surely in a chat's log when a page was asked for.

use super::Index;
use super::tables::Place;

/// Finds for each page the highest place acknowledged in its chat before it was asked for.
pub(super) fn page_tails(index: &Index) -> Vec<Place> {
    let none = Place { epoch: 0, seq: 0 };
    let mut by_ack: Vec<u32> = (0..index.requests.len() as u32).collect();
    by_ack.retain(|number| index.requests[*number as usize].id != 0);
    by_ack.sort_unstable_by_key(|number| index.requests[*number as usize].acked_at);
    let mut by_asked: Vec<u32> = (0..index.pages.len() as u32).collect();
    by_asked.sort_unstable_by_key(|number| index.pages[*number as usize].asked);

    let mut tails = vec![none; index.pages.len()];
    let mut highest = vec![none; index.chats.len()];
    let mut acks = by_ack
        .iter()
        .map(|number| &index.requests[*number as usize])
        .peekable();
    for number in by_asked {
        let page = &index.pages[number as usize];
        while let Some(ack) = acks.next_if(|ack| ack.acked_at < page.asked) {
            let highest = &mut highest[ack.chat as usize];
            *highest = ack.place.max(*highest);
        }
        tails[number as usize] = highest[page.chat as usize];
    }
    tails
}
