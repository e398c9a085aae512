//! What follows from an event counts only where the log holds that event.
//!
//! A row whose place goes to a later term leaves nothing behind: what it changed is as it was before. So each state of a
//! chat or a member says which event caused it, and readers look.

use std::collections::BTreeMap;

use chinwag_proto::{ChatId, EventId, Seq};

use super::store::State;
use crate::ports::Stamp;

/// One of several states of something, with the event that caused it.
#[derive(Debug, Clone)]
pub(super) struct Caused<T> {
    pub(super) stamp: Stamp,
    pub(super) by: EventId,
    pub(super) value: T,
    /// Whether the log is gone, so that there is nothing to look at.
    pub(super) purged: bool,
}

impl<T> Caused<T> {
    pub(super) fn new(stamp: Stamp, by: EventId, value: T) -> Self {
        Self {
            stamp,
            by,
            value,
            purged: false,
        }
    }
}

/// The states of many things, of each by rising stamp.
pub(super) type States<K, T> = BTreeMap<K, Vec<Caused<T>>>;

/// Adds a state; the same again changes nothing.
pub(super) fn add<K: Ord, T>(states: &mut States<K, T>, key: K, state: Caused<T>) {
    let states = states.entry(key).or_default();
    let place = states.partition_point(|there| there.stamp < state.stamp);
    match states.get_mut(place) {
        Some(there) if there.stamp == state.stamp => *there = state,
        _ => states.insert(place, state),
    }
}

/// Keeps of a purged chat's states the newest, which no event stands for any more.
pub(super) fn settle<T>(states: &mut Vec<Caused<T>>, newest: Option<Caused<T>>) {
    *states = newest.into_iter().collect();
    for state in states {
        state.purged = true;
    }
}

impl State {
    /// Returns the newest state whose event the log holds, of those that events up to a place caused.
    pub(super) fn newest_held<'s, T>(
        &self,
        chat: ChatId,
        states: &'s [Caused<T>],
        up_to: Seq,
    ) -> Option<&'s Caused<T>> {
        states.iter().rev().find(|state| {
            let seq = state.stamp.seq;
            state.purged || (seq <= up_to && self.holds(chat, seq, state.by))
        })
    }
}
