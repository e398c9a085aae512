//! How much one answer may hold: a page ends before it, so that no answer is larger than its limit.

use std::io;

use chinwag_proto::{Limits, Problem};
use serde::Serialize;

/// Kept free for what surrounds the items: field names, a request's id, a cursor or token.
const ENVELOPE_BYTES: usize = 1_024;
/// The items of a page where the query says nothing.
const DEFAULT_PAGE: u32 = 50;

/// What is left of an answer's bytes. The first item always fits: no single item is as large as an answer, and a
/// page that holds something makes progress.
#[derive(Debug)]
pub(super) struct Budget {
    left: usize,
    reserved: usize,
    empty: bool,
}

impl Budget {
    /// Begins an empty answer.
    pub(super) fn new(limits: &Limits) -> Self {
        let bytes = usize::try_from(limits.answer_bytes).unwrap_or(usize::MAX);
        Self {
            left: bytes.saturating_sub(ENVELOPE_BYTES),
            reserved: 0,
            empty: true,
        }
    }

    /// Begins a part of an answer that may also stay empty, as when its first item is too large for it.
    pub(super) fn part(limits: &Limits, parts: usize) -> Self {
        let whole = Self::new(limits);
        Self {
            left: whole.left / parts,
            empty: false,
            ..whole
        }
    }

    /// Keeps half of the room for later.
    pub(super) fn reserve_half(&mut self) {
        self.reserved = self.left / 2;
    }

    /// Gives back what was kept for later.
    pub(super) fn release(&mut self) {
        self.reserved = 0;
    }

    /// Makes room for an item and the comma after it; false where it doesn't fit, and nothing is taken then.
    pub(super) fn take<T: Serialize>(&mut self, item: &T) -> bool {
        let bytes = json_bytes(item) + 1;
        let fits = self.empty || self.left >= bytes + self.reserved;
        if fits {
            self.left = self.left.saturating_sub(bytes);
            self.empty = false;
        }
        fits
    }
}

/// Returns how many items a page holds at most; refuses what is outside 1 to `limits.page`.
pub(super) fn page_limit(asked: Option<u32>, limits: &Limits) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(DEFAULT_PAGE.min(limits.page));
    if limit == 0 || limit > limits.page {
        let detail = format!("is {limit}; a page has 1 to {} items", limits.page);
        return Err(Problem::field("/limit", detail));
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

/// Returns the length of the JSON text without keeping it.
fn json_bytes<T: Serialize>(item: &T) -> usize {
    let mut counted = Counted(0);
    match serde_json::to_writer(&mut counted, item) {
        Ok(()) => counted.0,
        // The shapes of the protocol always have a JSON text; if one had none, no answer could hold it.
        Err(_) => usize::MAX / 2,
    }
}

struct Counted(usize);

impl io::Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_room(left: usize) -> Budget {
        Budget {
            left,
            reserved: 0,
            empty: true,
        }
    }

    #[test]
    fn an_item_counts_as_its_json_text_and_a_comma() {
        let mut budget = with_room(12);
        assert!(budget.take(&"abc"));
        assert!(!budget.take(&"\u{1}"), "six bytes as an escape, and quotes");
        assert!(budget.take(&"abc"));
        assert!(!budget.take(&""));
    }

    #[test]
    fn the_first_item_always_fits() {
        let mut budget = with_room(12);
        assert!(budget.take(&"longer than the room"));
        assert!(!budget.take(&""));
    }

    #[test]
    fn what_is_reserved_is_there_later() {
        let mut budget = with_room(12);
        budget.reserve_half();
        assert!(budget.take(&"abc"));
        assert!(!budget.take(&"abc"));
        budget.release();
        assert!(budget.take(&"abc"));
    }

    #[test]
    fn a_limit_outside_its_bounds_is_refused() {
        let limits = Limits::default();
        assert_eq!(page_limit(None, &limits).unwrap(), 50);
        assert_eq!(page_limit(Some(1), &limits).unwrap(), 1);
        assert_eq!(page_limit(Some(200), &limits).unwrap(), 200);
        for wrong in [0, 201, u32::MAX] {
            assert_eq!(page_limit(Some(wrong), &limits).unwrap_err().status, 400);
        }
    }
}
