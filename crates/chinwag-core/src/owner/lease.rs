//! What this node owns, and until when (rules O2, O4, O5).

use std::{
    sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    time::Duration,
};

use chinwag_proto::{ChatId, Timestamp};

use crate::model::{SHARDS, Shard, Term};

/// How long after a confirmed renewal was sent this node acts as owner.
pub(super) const HELD: Duration = Duration::from_secs(7);
/// How often the lease is renewed.
pub(super) const RENEWED_EVERY: Duration = Duration::from_secs(3);

/// The terms of the shards that this node owns, and the end of its lease.
#[derive(Debug)]
pub(super) struct Lease {
    /// A term a shard; 0 where another node owns it.
    terms: Vec<AtomicU32>,
    /// When each was taken, milliseconds since 1970.
    since_ms: Vec<AtomicI64>,
    /// Milliseconds of the clock that never steps; `u64::MAX` for the only node there is.
    until_ms: AtomicU64,
}

impl Lease {
    pub(super) fn new() -> Self {
        Self {
            terms: (0..SHARDS).map(|_| AtomicU32::new(0)).collect(),
            since_ms: (0..SHARDS).map(|_| AtomicI64::new(0)).collect(),
            until_ms: AtomicU64::new(0),
        }
    }

    /// Takes a shard under a term.
    pub(super) fn take(&self, shard: Shard, term: Term, now: Timestamp) {
        let shard = usize::from(shard.0);
        self.since_ms[shard].store(now.unix_millis(), Ordering::SeqCst);
        self.terms[shard].store(term.0, Ordering::SeqCst);
    }

    /// Returns when a chat's shard was taken.
    pub(super) fn since(&self, chat: ChatId) -> Timestamp {
        let since = &self.since_ms[usize::from(Shard::of(chat).0)];
        Timestamp::from_unix_millis(since.load(Ordering::SeqCst))
    }

    /// Lets a shard go: nothing is stamped in its chats any more.
    pub(super) fn release(&self, shard: Shard) {
        self.terms[usize::from(shard.0)].store(0, Ordering::SeqCst);
    }

    /// Lets a shard go unless it was taken under another term meanwhile.
    pub(super) fn release_if(&self, shard: Shard, term: Term) {
        let held = &self.terms[usize::from(shard.0)];
        let _ = held.compare_exchange(term.0, 0, Ordering::SeqCst, Ordering::SeqCst);
    }

    /// Returns whether this node took a shard and didn't let it go.
    pub(super) fn has(&self, shard: Shard) -> bool {
        self.terms[usize::from(shard.0)].load(Ordering::SeqCst) > 0
    }

    /// Returns the shards that this node owns, each with its term.
    pub(super) fn held(&self) -> Vec<(Shard, Term)> {
        (0..SHARDS)
            .map(|shard| {
                let term = self.terms[usize::from(shard)].load(Ordering::SeqCst);
                (Shard(shard), Term(term))
            })
            .filter(|(_, term)| term.0 > 0)
            .collect()
    }

    /// Returns whether the lease was there and has ended.
    pub(super) fn has_lapsed(&self, elapsed: Duration) -> bool {
        self.until_ms.load(Ordering::SeqCst) > 0 && !self.holds(elapsed)
    }

    /// Moves the lease's end: the renewal that was sent at `sent` is confirmed.
    pub(super) fn renewed(&self, sent: Duration) {
        let until = sent.saturating_add(HELD).as_millis();
        self.until_ms
            .fetch_max(u64::try_from(until).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    /// Makes the lease last for ever: this is the only node, and it holds the store's lock.
    pub(super) fn forever(&self) {
        self.until_ms.store(u64::MAX, Ordering::SeqCst);
    }

    /// Returns the term under which this node owns a chat now; nothing where it doesn't.
    pub(super) fn term_of(&self, chat: ChatId, elapsed: Duration) -> Option<Term> {
        let term = self.terms[usize::from(Shard::of(chat).0)].load(Ordering::SeqCst);
        (term > 0 && self.holds(elapsed)).then_some(Term(term))
    }

    /// Returns whether the lease has not ended.
    pub(super) fn holds(&self, elapsed: Duration) -> bool {
        elapsed.as_millis() < u128::from(self.until_ms.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lease_ends_seven_seconds_after_its_renewal_was_sent() {
        let lease = Lease::new();
        let chat = ChatId(5);
        lease.take(Shard::of(chat), Term(2), Timestamp::default());
        assert_eq!(lease.term_of(chat, Duration::ZERO), None, "never renewed");
        lease.renewed(Duration::from_secs(10));
        assert_eq!(
            lease.term_of(chat, Duration::from_millis(16_999)),
            Some(Term(2))
        );
        assert_eq!(lease.term_of(chat, Duration::from_secs(17)), None);
    }
}
