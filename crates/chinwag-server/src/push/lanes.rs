//! Notes that wait for their providers: of one device and chat only the last, each provider in a lane of its own.

use std::{
    collections::{BTreeMap, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use chinwag_proto::{ChatId, DeviceId, MessageId, Seq, Timestamp, UserId};
use tokio::time::Instant;

use super::{
    progress::Ticket,
    senders::LaneKey,
    settings::{HOSTS, WAITING_NOTES},
};

/// What notes replace each other by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) user: UserId,
    pub(super) device: DeviceId,
    pub(super) chat: ChatId,
}

/// What a device is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// A message.
    Message { seq: Seq, id: MessageId },
    /// That the chat was read up to a place.
    Clear { through: Seq },
}

/// What waits to be told.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub(super) what: What,
    /// How often it was tried.
    pub(super) attempts: u32,
    pub(super) expires_at: Timestamp,
    /// Keeps the message's record open.
    #[expect(
        dead_code,
        reason = "it is held, and lets go of the record when it is dropped"
    )]
    pub(super) ticket: Option<Arc<Ticket>>,
}

impl Errand {
    /// Returns which of two for the same device and chat stays.
    fn later(self, other: Self) -> Self {
        match (self.what, other.what) {
            (What::Message { seq, .. }, What::Message { seq: also, .. }) if seq > also => self,
            (What::Message { seq, .. }, What::Clear { through }) if seq > through => self,
            (What::Clear { through }, What::Message { seq, .. }) if through >= seq => self,
            (What::Clear { through }, What::Clear { through: also }) if through > also => self,
            _ => other,
        }
    }
}

/// One provider's, or one host's.
#[derive(Debug, Default)]
struct Lane {
    errands: HashMap<Key, Errand>,
    /// Those that may go, in order.
    ready: VecDeque<Key>,
    /// Those that were tried and wait.
    later: BTreeMap<(Instant, u64), Key>,
    under_way: HashSet<Key>,
    /// Whether the last answer was a failure: then one at a time goes, until one is taken.
    is_failing: bool,
}

impl Lane {
    fn is_idle(&self) -> bool {
        self.errands.is_empty() && self.under_way.is_empty()
    }
}

/// All lanes.
#[derive(Debug)]
pub(super) struct Lanes {
    lanes: HashMap<LaneKey, Lane>,
    concurrency: usize,
    waiting: usize,
    next_number: u64,
}

impl Lanes {
    /// Makes lanes with so many requests under way in each.
    pub(super) fn new(concurrency: usize) -> Self {
        Self {
            lanes: HashMap::new(),
            concurrency,
            waiting: 0,
            next_number: 0,
        }
    }

    /// Lets an errand wait for its turn. Returns whether another had to go for it.
    pub(super) fn put(&mut self, lane: LaneKey, key: Key, errand: Errand) -> bool {
        self.add(lane, key, errand, None)
    }

    /// Lets an errand that failed wait until a moment, unless something newer waits for the same.
    pub(super) fn put_back(
        &mut self,
        lane: LaneKey,
        key: Key,
        errand: Errand,
        at: Instant,
    ) -> bool {
        self.add(lane, key, errand, Some(at))
    }

    fn add(&mut self, lane: LaneKey, key: Key, errand: Errand, at: Option<Instant>) -> bool {
        let is_new_host = matches!(lane, LaneKey::Host(_)) && !self.lanes.contains_key(&lane);
        let name = match lane {
            _ if is_new_host && self.lanes.len() >= HOSTS => LaneKey::OtherHosts,
            lane => lane,
        };
        let lane = self.lanes.entry(name).or_default();
        if let Some(waiting) = lane.errands.remove(&key) {
            // Its turn stays.
            lane.errands.insert(key, waiting.later(errand));
            return false;
        }
        let mut dropped = false;
        if self.waiting >= WAITING_NOTES {
            dropped = drop_oldest(lane);
            self.waiting -= usize::from(dropped);
        }
        self.waiting += 1;
        lane.errands.insert(key.clone(), errand);
        self.next_number += 1;
        match at {
            Some(at) => {
                lane.later.insert((at, self.next_number), key);
            }
            None => lane.ready.push_back(key),
        }
        dropped
    }

    /// Takes what may go now.
    pub(super) fn start(&mut self, now: Instant) -> Vec<(LaneKey, Key, Errand)> {
        let mut started = Vec::new();
        for (name, lane) in &mut self.lanes {
            while let Some(entry) = lane.later.first_entry()
                && entry.key().0 <= now
            {
                lane.ready.push_back(entry.remove());
            }
            let at_once = if lane.is_failing { 1 } else { self.concurrency };
            let mut busy = Vec::new();
            while lane.under_way.len() < at_once
                && let Some(key) = lane.ready.pop_front()
            {
                if lane.under_way.contains(&key) {
                    busy.push(key);
                    continue;
                }
                let Some(errand) = lane.errands.remove(&key) else {
                    continue;
                };
                self.waiting -= 1;
                lane.under_way.insert(key.clone());
                started.push((name.clone(), key, errand));
            }
            lane.ready.extend(busy);
        }
        started
    }

    /// Says that an errand came back; whether the provider works, where that showed.
    pub(super) fn done(&mut self, name: &LaneKey, key: &Key, works: Option<bool>) {
        let Some(lane) = self.lanes.get_mut(name) else {
            return;
        };
        lane.under_way.remove(key);
        if let Some(works) = works {
            lane.is_failing = !works;
        }
        if lane.is_idle() {
            self.lanes.remove(name);
        }
    }

    /// Returns when the next that was tried may go again.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let has_room = |lane: &&Lane| !lane.is_failing || lane.under_way.is_empty();
        let lanes = self.lanes.values().filter(has_room);
        lanes
            .filter_map(|lane| lane.later.first_key_value())
            .map(|((at, _), _)| *at)
            .min()
    }

    /// Returns how many wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Returns how many wait for nothing but their turn.
    pub(super) fn ready(&self) -> usize {
        let working = self.lanes.values().filter(|lane| !lane.is_failing);
        working.map(|lane| lane.ready.len()).sum()
    }
}

/// Drops a lane's oldest errand: of those that were tried, else of those whose turn would be next.
fn drop_oldest(lane: &mut Lane) -> bool {
    let tried = lane.later.pop_first().map(|(_, key)| key);
    let oldest = tried.or_else(|| lane.ready.pop_front());
    oldest.is_some_and(|key| lane.errands.remove(&key).is_some())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use chinwag_proto::EventId;

    use super::*;

    fn key(device: &str, chat: u64) -> Key {
        Key {
            user: UserId::new("ana").unwrap(),
            device: DeviceId::new(device).unwrap(),
            chat: ChatId(chat),
        }
    }

    fn errand(what: What) -> Errand {
        Errand {
            what,
            attempts: 0,
            expires_at: Timestamp::default(),
            ticket: None,
        }
    }

    fn message(seq: u64) -> Errand {
        errand(What::Message {
            seq: Seq(seq),
            id: EventId(seq),
        })
    }

    fn clear(through: u64) -> Errand {
        errand(What::Clear {
            through: Seq(through),
        })
    }

    fn started(lanes: &mut Lanes) -> Vec<(String, What)> {
        let started = lanes.start(Instant::now()).into_iter();
        started
            .map(|(_, key, errand)| (key.device.to_string(), errand.what))
            .collect()
    }

    #[test]
    fn of_one_device_and_chat_only_the_last_waits() {
        let mut lanes = Lanes::new(8);
        for seq in [5, 7, 6] {
            lanes.put(LaneKey::Fcm, key("phone", 1), message(seq));
        }
        assert_eq!(lanes.waiting(), 1);
        assert_eq!(started(&mut lanes), [("phone".into(), message(7).what)]);
    }

    #[test]
    fn what_was_read_replaces_the_note_and_a_newer_message_what_was_read() {
        for (first, second, stays) in [
            (message(5), clear(5), clear(5)),
            (message(6), clear(5), message(6)),
            (clear(5), message(6), message(6)),
            (clear(6), message(6), clear(6)),
            (clear(6), clear(5), clear(6)),
        ] {
            let mut lanes = Lanes::new(8);
            lanes.put(LaneKey::Fcm, key("phone", 1), first);
            lanes.put(LaneKey::Fcm, key("phone", 1), second);
            assert_eq!(started(&mut lanes), [("phone".into(), stays.what)]);
        }
    }

    #[test]
    fn a_device_gets_one_note_of_a_chat_at_a_time() {
        let mut lanes = Lanes::new(8);
        lanes.put(LaneKey::Fcm, key("phone", 1), message(5));
        assert_eq!(started(&mut lanes).len(), 1);
        lanes.put(LaneKey::Fcm, key("phone", 1), message(6));
        lanes.put(LaneKey::Fcm, key("tablet", 1), message(6));
        assert_eq!(started(&mut lanes), [("tablet".into(), message(6).what)]);
        lanes.done(&LaneKey::Fcm, &key("phone", 1), Some(true));
        assert_eq!(started(&mut lanes), [("phone".into(), message(6).what)]);
    }

    #[test]
    fn a_lane_that_is_full_or_fails_holds_up_no_other() {
        let mut lanes = Lanes::new(2);
        for device in ["a", "b", "c"] {
            lanes.put(LaneKey::Fcm, key(device, 1), message(5));
        }
        assert_eq!(started(&mut lanes).len(), 2);
        lanes.put(LaneKey::Apns, key("phone", 1), message(5));
        assert_eq!(started(&mut lanes), [("phone".into(), message(5).what)]);
        // After a failure one at a time goes, until one is taken.
        lanes.done(&LaneKey::Fcm, &key("a", 1), Some(false));
        lanes.done(&LaneKey::Fcm, &key("b", 1), Some(false));
        lanes.put(LaneKey::Fcm, key("d", 1), message(5));
        assert_eq!(started(&mut lanes).len(), 1);
        lanes.done(&LaneKey::Fcm, &key("c", 1), Some(true));
        assert_eq!(started(&mut lanes).len(), 1);
    }

    #[test]
    fn what_failed_waits_unless_something_newer_does() {
        let mut lanes = Lanes::new(8);
        let now = Instant::now();
        let at = now + Duration::from_secs(5);
        lanes.put_back(LaneKey::Fcm, key("phone", 1), message(5), at);
        assert!(lanes.start(now).is_empty());
        assert_eq!(lanes.next_due(), Some(at));
        assert_eq!(lanes.start(at).len(), 1);
        lanes.put(LaneKey::Fcm, key("phone", 1), message(6));
        lanes.put_back(LaneKey::Fcm, key("phone", 1), message(5), at);
        lanes.done(&LaneKey::Fcm, &key("phone", 1), Some(true));
        assert_eq!(started(&mut lanes), [("phone".into(), message(6).what)]);
        assert_eq!(lanes.waiting(), 0);
    }

    #[test]
    fn an_idle_host_keeps_no_lane_and_too_many_share_one() {
        let mut lanes = Lanes::new(8);
        for number in 0..HOSTS + 5 {
            let host = LaneKey::Host(number.to_string());
            lanes.put(host, key(&number.to_string(), 1), message(5));
        }
        assert_eq!(lanes.lanes.len(), HOSTS + 1);
        for (lane, key, _) in lanes.start(Instant::now()) {
            lanes.done(&lane, &key, Some(true));
        }
        assert!(lanes.lanes.is_empty());
    }

    #[test]
    fn where_too_many_wait_the_oldest_goes() {
        let mut lanes = Lanes::new(1);
        let dropped = (0..WAITING_NOTES + 3)
            .filter(|number| lanes.put(LaneKey::Fcm, key("phone", *number as u64), message(5)))
            .count();
        assert_eq!((dropped, lanes.waiting()), (3, WAITING_NOTES));
        assert_eq!(lanes.start(Instant::now())[0].1.chat, ChatId(3));
    }
}
