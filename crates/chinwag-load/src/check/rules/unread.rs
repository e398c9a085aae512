//! Unread is what the log says: messages of others, not deleted, visible, after the own mark,
//! which starts where the user joined.

use std::collections::HashMap;

use super::Finder;
use crate::check::history::Kind;
use crate::check::index::Index;
use crate::check::index::members::Interval;
use crate::check::index::tables::UnreadRow;
use crate::check::report::Verdict;

/// Places of deletions by chat and message.
type Deletions = HashMap<(u32, u64), u64>;

pub(super) fn check(index: &Index) -> Verdict {
    let mut finder = Finder::new(index, "unread");
    let mut deletions = Deletions::new();
    for fact in index
        .facts
        .iter()
        .filter(|fact| fact.kind == Kind::Deletion)
    {
        let first = deletions
            .entry((fact.chat, fact.target))
            .or_insert(fact.place.seq);
        *first = fact.place.seq.min(*first);
    }
    for unread in &index.unread {
        let known = index.members.known(unread.chat, unread.place.seq);
        let newest = index.chats[unread.chat as usize].epoch() == unread.place.epoch;
        let start = start(index, unread).filter(|_| known && newest && !unread.capped);
        let Some((mark, joined)) = start else {
            finder.unchecked();
            continue;
        };
        finder.checked();
        // Whether a mark from before one left and came back still holds is nobody's promise.
        let counts = [
            count(index, &deletions, unread, mark),
            count(index, &deletions, unread, mark.max(joined)),
        ];
        if !counts.contains(&unread.count) {
            finder.found(Some(unread.chat), &[unread.line], || {
                let (user, told, seq) =
                    (index.user_name(unread.user), unread.count, unread.place.seq);
                format!(
                    "{user} was told {told} unread as of place {seq}; the log says {}",
                    counts[0]
                )
            });
        }
    }
    finder.verdict
}

/// Finds the places of the own mark and of the last joining.
fn start(index: &Index, unread: &UnreadRow) -> Option<(u64, u64)> {
    let mut intervals = index.members.intervals(unread.chat, unread.user).iter();
    let last = intervals.rfind(|known| known.opened <= unread.place.seq)?;
    if last.to <= unread.place.seq {
        // Let in again above the head that was told: of the places between nobody promised anything.
        return None;
    }
    let is_let_in_again = |next: &Interval| {
        let is_later = next.opened > unread.place.seq;
        is_later && next.asked_line != 0 && next.asked_line < unread.line
    };
    let mut intervals = index.members.intervals(unread.chat, unread.user).iter();
    if intervals.any(is_let_in_again) {
        // Nor where that was under way: the mark may stand there already.
        return None;
    }
    let joined = last.opened;
    let mark = match unread.mark {
        Some(id) => index.seq_of(unread.chat, id)?,
        None => joined,
    };
    Some((mark, joined))
}

fn count(index: &Index, deletions: &Deletions, unread: &UnreadRow, after: u64) -> u64 {
    let UnreadRow {
        chat, user, place, ..
    } = *unread;
    if after >= place.seq {
        return 0;
    }
    let messages = index.log(chat, place.epoch, after + 1, place.seq);
    let counted = messages.filter(|fact| {
        let deleted = deletions
            .get(&(chat, fact.id))
            .is_some_and(|deleted| *deleted <= place.seq);
        fact.kind == Kind::Message
            && fact.sender != user
            && !deleted
            && index.members.sees(chat, user, fact.place.seq, place.seq)
    });
    counted.count() as u64
}
