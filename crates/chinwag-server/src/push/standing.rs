//! Notes that stand on screens, as far as this process sent them: what is cleared when one reads elsewhere.

use std::collections::{HashMap, VecDeque};

use chinwag_proto::{ChatId, DeviceId, Seq, UserId};

use super::lanes::Key;

type Where = (UserId, ChatId);

/// One user's note of one chat.
#[derive(Debug)]
struct Note {
    seq: Seq,
    devices: Vec<DeviceId>,
    /// When it came, as the queue of all has it.
    number: u64,
}

/// The notes on all screens; the oldest are forgotten where there are too many.
#[derive(Debug)]
pub(super) struct Standing {
    notes: HashMap<Where, Note>,
    /// In order of coming; entries whose number isn't their note's any more say nothing.
    order: VecDeque<(u64, Where)>,
    next_number: u64,
    at_most: usize,
}

impl Standing {
    /// Makes an empty one.
    pub(super) fn new(at_most: usize) -> Self {
        Self {
            notes: HashMap::new(),
            order: VecDeque::new(),
            next_number: 0,
            at_most,
        }
    }

    /// Says that a device is told of a message from now on.
    pub(super) fn add(&mut self, key: &Key, seq: Seq) {
        let place = (key.user.clone(), key.chat);
        self.next_number += 1;
        let note = self.notes.entry(place.clone()).or_insert_with(|| Note {
            seq,
            devices: Vec::new(),
            number: 0,
        });
        note.seq = note.seq.max(seq);
        note.number = self.next_number;
        if !note.devices.contains(&key.device) {
            note.devices.push(key.device.clone());
        }
        self.order.push_back((self.next_number, place));
        self.forget_oldest();
    }

    /// Returns whether a device was told of a later message: looks come back in any order.
    pub(super) fn is_past(&self, key: &Key, seq: Seq) -> bool {
        let note = self.notes.get(&(key.user.clone(), key.chat));
        note.is_some_and(|note| note.seq > seq && note.devices.contains(&key.device))
    }

    /// Says that a device wasn't told after all.
    pub(super) fn remove(&mut self, key: &Key) {
        let place = (key.user.clone(), key.chat);
        if let Some(note) = self.notes.get_mut(&place) {
            note.devices.retain(|device| *device != key.device);
            if note.devices.is_empty() {
                self.notes.remove(&place);
            }
        }
    }

    /// Takes the devices on which a user's note stands that was read elsewhere.
    pub(super) fn read(&mut self, user: &UserId, chat: ChatId, through: Seq) -> Vec<DeviceId> {
        let place = (user.clone(), chat);
        match self.notes.get(&place) {
            Some(note) if note.seq <= through => {}
            _ => return Vec::new(),
        }
        let note = self.notes.remove(&place);
        note.map(|note| note.devices).unwrap_or_default()
    }

    fn forget_oldest(&mut self) {
        // Entries that say nothing are at most as many as those that do.
        while self.notes.len() > self.at_most || self.order.len() > 2 * self.at_most {
            let Some((number, place)) = self.order.pop_front() else {
                return;
            };
            if self
                .notes
                .get(&place)
                .is_some_and(|note| note.number == number)
            {
                self.notes.remove(&place);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(device: &str, chat: u64) -> Key {
        Key {
            user: UserId::new("ana").unwrap(),
            device: DeviceId::new(device).unwrap(),
            chat: ChatId(chat),
        }
    }

    fn read(standing: &mut Standing, chat: u64, through: u64) -> Vec<String> {
        let user = UserId::new("ana").unwrap();
        let devices = standing.read(&user, ChatId(chat), Seq(through));
        devices.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_note_goes_from_all_devices_when_it_is_read_and_not_before() {
        let mut standing = Standing::new(10);
        standing.add(&key("phone", 1), Seq(5));
        standing.add(&key("tablet", 1), Seq(6));
        standing.add(&key("phone", 2), Seq(9));
        assert!(read(&mut standing, 1, 5).is_empty());
        assert_eq!(read(&mut standing, 1, 6), ["phone", "tablet"]);
        assert!(read(&mut standing, 1, 7).is_empty(), "it is gone");
        standing.remove(&key("phone", 2));
        assert!(read(&mut standing, 2, 9).is_empty());
    }

    #[test]
    fn a_message_before_the_one_that_a_device_was_told_of_is_past() {
        let mut standing = Standing::new(10);
        standing.add(&key("phone", 1), Seq(5));
        assert!(standing.is_past(&key("phone", 1), Seq(4)));
        assert!(!standing.is_past(&key("phone", 1), Seq(5)), "tried again");
        assert!(!standing.is_past(&key("tablet", 1), Seq(4)));
        assert!(!standing.is_past(&key("phone", 2), Seq(4)));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut standing = Standing::new(2);
        for chat in [1, 2, 1, 3] {
            standing.add(&key("phone", chat), Seq(5));
        }
        assert!(read(&mut standing, 2, 5).is_empty());
        assert_eq!(read(&mut standing, 1, 5), ["phone"]);
        assert_eq!(read(&mut standing, 3, 5), ["phone"]);
        for _ in 0..100 {
            standing.add(&key("phone", 1), Seq(5));
        }
        assert!(standing.order.len() <= 4);
    }
}
