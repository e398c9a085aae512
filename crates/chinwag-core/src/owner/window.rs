//! The requests that arrived lately in one chat: finds a repetition without asking the store (rule A4).

use std::collections::{HashMap, VecDeque};

use chinwag_proto::{ClientId, Seq, Timestamp, UserId};

/// How long a request stays in the window, milliseconds.
const KEPT_MS: i64 = 15 * 60 * 1000;
/// How many confirmed requests a window keeps, apart from the latest.
const KEPT: usize = 256;
/// The latest: those that another caller may have looked up in the store before they came, milliseconds. A caller is
/// answered after 2 s at most.
const LATEST_MS: i64 = 3_000;
/// How many of the latest a window keeps at most.
const LATEST_KEPT: usize = 65_536;
/// A UUIDv7 further ahead than this is refused where nothing holds it, milliseconds.
pub(super) const FUTURE_MS: i64 = 2 * 60 * 1000;

/// Where a request took its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrived {
    /// The place.
    pub(super) seq: Seq,
    /// What was asked for.
    pub(super) digest: u64,
}

/// Holds the client ids that arrived last, those unconfirmed without exception.
#[derive(Debug, Default)]
pub(super) struct Window {
    arrived: HashMap<(UserId, ClientId), Arrived>,
    order: VecDeque<(Timestamp, UserId, ClientId, Seq)>,
}

impl Window {
    /// Finds a request.
    pub(super) fn find(&self, user: &UserId, client_id: &ClientId) -> Option<Arrived> {
        if self.arrived.is_empty() {
            return None;
        }
        self.arrived
            .get(&(user.clone(), client_id.clone()))
            .copied()
    }

    /// Keeps a request; forgets what is confirmed and old or too much.
    pub(super) fn insert(
        &mut self,
        now: Timestamp,
        user: &UserId,
        client_id: &ClientId,
        arrived: Arrived,
        confirmed: Seq,
    ) {
        self.arrived
            .insert((user.clone(), client_id.clone()), arrived);
        self.order
            .push_back((now, user.clone(), client_id.clone(), arrived.seq));
        while let Some((time, _, _, seq)) = self.order.front() {
            let (old, held) = (*time < now.plus_millis(-KEPT_MS), self.order.len());
            let latest = *time > now.plus_millis(-LATEST_MS) && held <= LATEST_KEPT;
            if *seq > confirmed || !(old || held > KEPT) || latest {
                break;
            }
            let Some((_, user, client_id, _)) = self.order.pop_front() else {
                break;
            };
            self.arrived.remove(&(user, client_id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    #[test]
    fn the_last_ones_are_found_and_those_unconfirmed_and_those_of_the_last_seconds() {
        let mut window = Window::default();
        let user = UserId::new("ana").unwrap();
        let id = |n: u64| ClientId::new(&format!("c{n}")).unwrap();
        for n in 0..10_000 {
            let now = NOW.plus_millis(i64::try_from(n).unwrap());
            let arrived = Arrived {
                seq: Seq(n),
                digest: 0,
            };
            window.insert(now, &user, &id(n), arrived, Seq(5_000));
        }
        assert!(window.find(&user, &id(5_000)).is_none());
        let kept = |from: u64| (from..10_000).all(|n| window.find(&user, &id(n)).is_some());
        assert!(kept(5_001), "none unconfirmed is forgotten");

        let last = Arrived {
            seq: Seq(10_000),
            digest: 0,
        };
        window.insert(
            NOW.plus_millis(10_000),
            &user,
            &id(10_000),
            last,
            Seq(10_000),
        );
        assert!(window.find(&user, &id(6_999)).is_none());
        assert!((7_001..10_000).all(|n| window.find(&user, &id(n)).is_some()));

        let later = Arrived {
            seq: Seq(10_001),
            digest: 0,
        };
        window.insert(
            NOW.plus_millis(20_000),
            &user,
            &id(10_001),
            later,
            Seq(10_001),
        );
        assert!(window.find(&user, &id(9_000)).is_none());
        assert!((9_800..10_001).all(|n| window.find(&user, &id(n)).is_some()));
    }
}
