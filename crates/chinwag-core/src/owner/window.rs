//! The requests that arrived lately in one chat: finds a repetition without asking the store (rule A4).

use std::collections::{HashMap, VecDeque};

use chinwag_proto::{ClientId, Seq, Timestamp, UserId};

/// How long a request stays in the window, milliseconds.
const KEPT_MS: i64 = 15 * 60 * 1000;
/// How much younger than the window's start a UUIDv7 must be for the window to answer alone, milliseconds.
const MARGIN_MS: i64 = 3 * 60 * 1000;
/// How many confirmed requests a window keeps; more of them move its start forward.
const KEPT: usize = 256;
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

/// Holds every client id that arrived since its start, those unconfirmed without exception.
#[derive(Debug)]
pub(super) struct Window {
    since: Timestamp,
    arrived: HashMap<(UserId, ClientId), Arrived>,
    order: VecDeque<(Timestamp, UserId, ClientId, Seq)>,
}

impl Window {
    /// Starts when the chat is loaded.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            since: now,
            arrived: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Finds a request.
    pub(super) fn find(&self, user: &UserId, client_id: &ClientId) -> Option<Arrived> {
        if self.arrived.is_empty() {
            return None;
        }
        self.arrived
            .get(&(user.clone(), client_id.clone()))
            .copied()
    }

    /// Returns whether a client id that isn't here can't have arrived before either.
    pub(super) fn answers_alone(&self, client_id: &ClientId) -> bool {
        client_id
            .uuid_v7_time()
            .is_some_and(|time| time > self.since.plus_millis(MARGIN_MS))
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
            let old = *time < now.plus_millis(-KEPT_MS);
            if *seq > confirmed || !(old || self.order.len() > KEPT) {
                break;
            }
            let Some((time, user, client_id, _)) = self.order.pop_front() else {
                break;
            };
            self.since = self.since.max(time);
            self.arrived.remove(&(user, client_id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn uuid_at(time: Timestamp) -> ClientId {
        let millis = u64::try_from(time.unix_millis()).unwrap();
        let timestamp = uuid::Timestamp::from_unix(
            uuid::NoContext,
            millis / 1000,
            (millis % 1000) as u32 * 1_000_000,
        );
        ClientId::new(&uuid::Uuid::new_v7(timestamp).to_string()).unwrap()
    }

    #[test]
    fn only_a_uuid_v7_well_after_the_start_needs_no_look_up() {
        let window = Window::new(NOW);
        assert!(!window.answers_alone(&ClientId::new("abc").unwrap()));
        assert!(!window.answers_alone(&uuid_at(NOW.plus_millis(MARGIN_MS - 1))));
        assert!(window.answers_alone(&uuid_at(NOW.plus_millis(MARGIN_MS + 1))));
    }

    #[test]
    fn what_is_forgotten_moves_the_start_forward() {
        let mut window = Window::new(NOW);
        let user = UserId::new("ana").unwrap();
        for n in 0..1_000 {
            let id = ClientId::new(&format!("c{n}")).unwrap();
            window.insert(
                NOW.plus_millis(n),
                &user,
                &id,
                Arrived {
                    seq: Seq(n as u64),
                    digest: 0,
                },
                Seq(900),
            );
        }
        assert!(window.find(&user, &ClientId::new("c0").unwrap()).is_none());
        assert!(
            !window.answers_alone(&uuid_at(NOW.plus_millis(MARGIN_MS + 1))),
            "the start has moved"
        );
        for n in 901..1_000 {
            let id = ClientId::new(&format!("c{n}")).unwrap();
            assert!(window.find(&user, &id).is_some(), "{n} is not confirmed");
        }
    }
}
