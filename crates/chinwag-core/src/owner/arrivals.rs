//! Knows for sure that a request never came, without asking the store (rule A4).

use std::{
    collections::VecDeque,
    hash::{BuildHasher as _, RandomState},
    sync::atomic::{AtomicUsize, Ordering},
};

use chinwag_proto::{ChatId, ClientId, Timestamp, UserId};
use fastbloom::AtomicBloomFilter;
use parking_lot::RwLock;

/// Bits a request: about one in 2,000 that never came looks as if it had.
const BITS_EACH: usize = 16;
/// Requests that a generation takes at least: 64 KiB.
const LEAST: usize = 1 << 15;
/// Requests that a generation takes at most: 4 MiB.
const MOST: usize = 1 << 21;
/// How long one generation takes requests at most, milliseconds.
const SPAN_MS: i64 = 6 * 60 * 1000;
/// Generations that are kept: 18 minutes of up to 5,800 requests a second, and of what comes faster the last 8 million.
const KEPT: usize = 4;
/// How much younger than the start a UUIDv7 must be to have been sent after it, milliseconds: a client's clock may be
/// two minutes ahead, a server's one.
const MARGIN_MS: i64 = 3 * 60 * 1000;

/// Counts generations, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generation(u64);

/// From when on every request to a chat went through this owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Since {
    /// When the owner took the chat's shard under its present term, or the time of the chat's last id before, the later.
    pub(super) owned: Timestamp,
    /// Where this owner made the chat itself: what was the newest generation then.
    pub(super) born: Option<Generation>,
}

/// Holds every request that arrived at this owner since its start, in a few generations of Bloom filters.
pub(super) struct Arrivals {
    hasher: RandomState,
    generations: RwLock<VecDeque<Held>>,
}

/// One generation; asked by hashes that [`Arrivals`] made.
struct Held {
    number: Generation,
    /// Nothing that arrived after it and before the next one's start is missing.
    since: Timestamp,
    capacity: usize,
    taken: AtomicUsize,
    filter: AtomicBloomFilter,
}

impl Held {
    fn new(number: Generation, since: Timestamp, capacity: usize) -> Self {
        let capacity = capacity.clamp(LEAST, MOST);
        Self {
            number,
            since,
            capacity,
            taken: AtomicUsize::new(0),
            filter: AtomicBloomFilter::with_num_bits(capacity * BITS_EACH).expected_items(capacity),
        }
    }

    /// Makes the one that follows, four times as large as what this one took.
    fn following(&self, now: Timestamp) -> Self {
        let taken = self.taken.load(Ordering::Relaxed);
        Self::new(Generation(self.number.0 + 1), now, 4 * taken)
    }

    fn take(&self, hash: u64) {
        self.taken.fetch_add(1, Ordering::Relaxed);
        self.filter.insert_hash(hash);
    }

    fn is_full(&self, now: Timestamp) -> bool {
        self.taken.load(Ordering::Relaxed) >= self.capacity || now > self.since.plus_millis(SPAN_MS)
    }
}

impl Arrivals {
    /// Starts before anything is owned.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            hasher: RandomState::new(),
            generations: RwLock::new([Held::new(Generation(0), now, LEAST)].into()),
        }
    }

    /// Returns the newest generation: what arrives from now on is in it or in a later one.
    pub(super) fn newest(&self) -> Generation {
        let generations = self.generations.read();
        generations
            .back()
            .map_or(Generation(0), |newest| newest.number)
    }

    /// Keeps a request; called before anybody can learn that it arrived.
    pub(super) fn insert(&self, now: Timestamp, chat: ChatId, user: &UserId, client_id: &ClientId) {
        let hash = self.hasher.hash_one((chat, user, client_id));
        {
            let generations = self.generations.read();
            if let Some(newest) = generations.back()
                && !newest.is_full(now)
            {
                return newest.take(hash);
            }
        }
        let mut generations = self.generations.write();
        if let Some(newest) = generations.back()
            && newest.is_full(now)
        {
            let following = newest.following(now);
            generations.push_back(following);
            if generations.len() > KEPT {
                generations.pop_front();
            }
        }
        if let Some(newest) = generations.back() {
            newest.take(hash);
        }
    }

    /// Returns whether a request certainly never came: a look into the store would find nothing.
    pub(super) fn never_came(
        &self,
        since: Since,
        chat: ChatId,
        user: &UserId,
        client_id: &ClientId,
    ) -> bool {
        let generations = self.generations.read();
        let Some(oldest) = generations.front() else {
            return false;
        };
        let has_all = since.born.is_some_and(|born| born >= oldest.number) || {
            let start = oldest.since.max(since.owned);
            client_id
                .uuid_v7_time()
                .is_some_and(|time| time > start.plus_millis(MARGIN_MS))
        };
        if !has_all {
            return false;
        }
        let hash = self.hasher.hash_one((chat, user, client_id));
        !generations
            .iter()
            .any(|held| held.filter.contains_hash(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);
    const CHAT: ChatId = ChatId(7);

    fn ana() -> UserId {
        UserId::new("ana").unwrap()
    }

    fn uuid_at(time: Timestamp) -> ClientId {
        let millis = u64::try_from(time.unix_millis()).unwrap();
        let timestamp = uuid::Timestamp::from_unix(
            uuid::NoContext,
            millis / 1000,
            (millis % 1000) as u32 * 1_000_000,
        );
        ClientId::new(&uuid::Uuid::new_v7(timestamp).to_string()).unwrap()
    }

    fn owned(since: Timestamp) -> Since {
        Since {
            owned: since,
            born: None,
        }
    }

    #[test]
    fn of_a_chat_that_was_there_before_only_a_uuid_v7_well_after_the_start_never_came() {
        let arrivals = Arrivals::new(NOW);
        let never = |id: &ClientId| arrivals.never_came(owned(NOW), CHAT, &ana(), id);
        assert!(!never(&ClientId::new("abc").unwrap()));
        assert!(!never(&uuid_at(NOW.plus_millis(MARGIN_MS - 1))));
        assert!(never(&uuid_at(NOW.plus_millis(MARGIN_MS + 1))));
        let later = owned(NOW.plus_millis(1_000));
        assert!(!arrivals.never_came(
            later,
            CHAT,
            &ana(),
            &uuid_at(NOW.plus_millis(MARGIN_MS + 1))
        ));
    }

    #[test]
    fn of_a_chat_that_was_made_here_what_did_not_arrive_never_came() {
        let arrivals = Arrivals::new(NOW);
        let since = Since {
            owned: NOW,
            born: Some(arrivals.newest()),
        };
        let id = ClientId::new("abc").unwrap();
        assert!(arrivals.never_came(since, CHAT, &ana(), &id));
        arrivals.insert(NOW, CHAT, &ana(), &id);
        assert!(!arrivals.never_came(since, CHAT, &ana(), &id));
        assert!(arrivals.never_came(since, ChatId(8), &ana(), &id));
        assert!(arrivals.never_came(since, CHAT, &UserId::new("ben").unwrap(), &id));
    }

    #[test]
    fn what_arrived_is_held_for_fifteen_minutes_and_the_start_moves_with_what_is_forgotten() {
        let arrivals = Arrivals::new(NOW);
        let born = Some(arrivals.newest());
        let since = Since { owned: NOW, born };
        let first = ClientId::new("first").unwrap();
        arrivals.insert(NOW, CHAT, &ana(), &first);
        let minute = |n: i64| NOW.plus_millis(n * 60_000);
        for n in 1..=40 {
            let id = ClientId::new(&format!("c{n}")).unwrap();
            arrivals.insert(minute(n), CHAT, &ana(), &id);
            assert!(!arrivals.never_came(since, CHAT, &ana(), &id));
            assert!(
                !arrivals.never_came(since, CHAT, &ana(), &first),
                "minute {n}"
            );
        }
        let other = ClientId::new("other").unwrap();
        assert!(
            !arrivals.never_came(since, CHAT, &ana(), &other),
            "born before the start"
        );
        assert!(!arrivals.never_came(since, CHAT, &ana(), &uuid_at(minute(15))));
        assert!(arrivals.never_came(since, CHAT, &ana(), &uuid_at(minute(39))));
    }

    #[test]
    fn many_requests_begin_generations_of_their_own() {
        let arrivals = Arrivals::new(NOW);
        arrivals.generations.write()[0]
            .taken
            .store(LEAST, Ordering::Relaxed);
        let id = ClientId::new("abc").unwrap();
        arrivals.insert(NOW, CHAT, &ana(), &id);
        assert_eq!(arrivals.newest(), Generation(1));
        assert_eq!(arrivals.generations.read()[1].capacity, 4 * LEAST);
        assert!(!arrivals.never_came(owned(NOW), CHAT, &ana(), &id));
    }
}
