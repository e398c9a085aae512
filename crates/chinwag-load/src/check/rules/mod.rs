//! The promises, one file each: a rule reads the index and gives a verdict.

mod ack_order;
mod altered;
mod deleted;
mod doubled;
mod epoch;
mod gap;
mod lost;
mod order;
mod page;
mod presence;
mod read_mark;
mod refused;
mod same_content;
mod shown_twice;
mod typing;
mod unread;
mod visible;

use super::Settings;
use super::index::Index;
use super::report::{Verdict, Violation};

/// Violations that a verdict keeps with their evidence; the rest are only counted.
const MAX_KEPT: usize = 100;

type Rule = fn(&Index, &Settings) -> Verdict;

/// All rules.
pub(super) const RULES: [Rule; 17] = [
    |index, _| lost::check(index),
    |index, _| doubled::check(index),
    |index, _| shown_twice::check(index),
    |index, _| order::check(index),
    |index, _| ack_order::check(index),
    |index, _| same_content::check(index),
    |index, _| altered::check(index),
    |index, _| refused::check(index),
    |index, _| gap::check(index),
    |index, _| page::check(index),
    |index, _| visible::check(index),
    |index, _| deleted::check(index),
    |index, _| read_mark::check(index),
    |index, _| unread::check(index),
    |index, _| epoch::check(index),
    typing::check,
    presence::check,
];

/// Gathers what a rule finds.
struct Finder<'a> {
    index: &'a Index,
    verdict: Verdict,
}

impl<'a> Finder<'a> {
    fn new(index: &'a Index, rule: &'static str) -> Self {
        let verdict = Verdict {
            rule,
            checked: 0,
            unchecked: 0,
            found: 0,
            violations: Vec::new(),
        };
        Self { index, verdict }
    }

    /// Counts an observation that was judged.
    fn checked(&mut self) {
        self.verdict.checked += 1;
    }

    /// Counts an observation that can't be judged.
    fn unchecked(&mut self) {
        self.verdict.unchecked += 1;
    }

    /// Counts a violation, and keeps it while there is room; line 0 is no line.
    fn found(&mut self, chat: Option<u32>, lines: &[u32], text: impl FnOnce() -> String) {
        self.verdict.found += 1;
        if self.verdict.violations.len() >= MAX_KEPT {
            return;
        }
        let mut evidence: Vec<u32> = lines.iter().copied().filter(|line| *line != 0).collect();
        evidence.sort_unstable();
        evidence.dedup();
        let chat = chat.map(|chat| self.index.chat_name(chat).to_owned());
        let violation = Violation {
            rule: self.verdict.rule,
            chat,
            text: text(),
            evidence,
        };
        self.verdict.violations.push(violation);
    }
}
