//! Which part of the export a line was made of.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// Where the lines that were sent come from, by number, until they are dealt with.
#[derive(Debug, Clone, Default)]
pub struct Origins(Arc<Mutex<Sent>>);

#[derive(Debug, Default)]
struct Sent {
    last: u64,
    waiting: VecDeque<(u64, String)>,
}

impl Origins {
    /// Notes where the next line comes from.
    pub(crate) fn sent(&self, origin: String) {
        if let Ok(mut sent) = self.0.lock() {
            sent.last += 1;
            let line = sent.last;
            sent.waiting.push_back((line, origin));
        }
    }

    /// Returns where a line comes from.
    #[must_use]
    pub fn of(&self, line: u64) -> Option<String> {
        let sent = self.0.lock().ok()?;
        let at = sent.waiting.binary_search_by_key(&line, |(line, _)| *line);
        Some(sent.waiting.get(at.ok()?)?.1.clone())
    }

    /// Forgets the lines up to one.
    pub fn done(&self, through: u64) {
        if let Ok(mut sent) = self.0.lock() {
            while sent
                .waiting
                .front()
                .is_some_and(|(line, _)| *line <= through)
            {
                sent.waiting.pop_front();
            }
        }
    }
}
