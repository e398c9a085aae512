//! Read and delivered marks, as they must stand.

use std::collections::HashMap;

use chinwag_proto::ErrorCode;

use super::log::Log;

/// A mark that somebody wanted to move, and whether it was refused.
#[derive(Debug, Clone)]
pub(super) struct Marked {
    pub(super) by: String,
    pub(super) target: u64,
    /// Whether it may move back.
    pub(super) back: bool,
    /// A place that was there before it was asked for.
    pub(super) known: u64,
    pub(super) refused: Option<ErrorCode>,
}

/// One user's marks in a chat: ids of messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) read: Option<u64>,
    pub(super) delivered: Option<u64>,
}

#[derive(Default)]
pub(super) struct Marks(HashMap<String, Mark>);

impl Marks {
    pub(super) fn of(&self, who: &str) -> Mark {
        self.0.get(who).copied().unwrap_or_default()
    }

    /// Takes what was asked for since the last quiet moment, in an order in which it may have come.
    pub(super) fn go_on(&mut self, marked: &[Marked], log: &Log) {
        for marked in marked {
            let allowed = |state: &super::model::State| {
                state.members.contains_key(&marked.by)
                    && state.sees_message(&marked.by, marked.target)
            };
            let mut states = log.since(marked.known);
            match marked.refused {
                None => {
                    assert!(states.any(allowed), "{marked:?} was never allowed");
                    self.apply(marked);
                }
                Some(ErrorCode::NotFound) => {
                    let refused = states.any(|state| !allowed(state));
                    assert!(refused, "{marked:?} was always allowed");
                }
                Some(other) => panic!("{other}: {marked:?}"),
            }
        }
    }

    fn apply(&mut self, marked: &Marked) {
        let mark = self.0.entry(marked.by.clone()).or_default();
        let target = Some(marked.target);
        mark.read = if marked.back {
            target
        } else {
            mark.read.max(target)
        };
        mark.delivered = mark.delivered.max(target);
    }
}
