//! Chats in which nobody has a device: their messages cost one look at a table.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use chinwag_core::model::LogRow;
use chinwag_proto::ChatId;
use parking_lot::Mutex;

/// Chats remembered; all are forgotten when there are more.
const REMEMBERED: usize = 100_000;
/// How long to believe it, since another node may register a device.
const BELIEVED_FOR: Duration = Duration::from_secs(10);

/// Counts how often a device was registered on this node.
#[derive(Debug, Default)]
pub struct DeviceChanges(AtomicU64);

impl DeviceChanges {
    /// Says that one was.
    pub fn changed(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// When a chat's members had no device.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    seq: u64,
    count: u64,
    changes: u64,
    at: Duration,
}

impl Moment {
    /// Makes the moment of a message; `changes` must be read before the devices are.
    pub(super) fn of(row: &LogRow, changes: u64, now: Duration) -> Self {
        Self {
            seq: row.seq.0,
            count: row.count,
            changes,
            at: now,
        }
    }
}

/// The chats in which nobody has a device.
#[derive(Debug, Default)]
pub(super) struct QuietChats(Mutex<HashMap<ChatId, Moment>>);

impl QuietChats {
    /// Remembers that nobody in a chat had a device.
    pub(super) fn remember(&self, chat: ChatId, moment: Moment) {
        let mut chats = self.0.lock();
        if chats.len() >= REMEMBERED {
            chats.clear();
        }
        chats.insert(chat, moment);
    }

    /// Returns whether that still holds at a message: nobody registered a device, and nothing but messages came in
    /// between, so nobody joined.
    pub(super) fn holds(&self, chat: ChatId, now: Moment) -> bool {
        let chats = self.0.lock();
        let Some(then) = chats.get(&chat) else {
            return false;
        };
        let only_messages =
            now.seq >= then.seq && now.seq - then.seq == now.count.saturating_sub(then.count);
        let is_recent = now.at.saturating_sub(then.at) < BELIEVED_FOR;
        only_messages && is_recent && now.changes == then.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(seq: u64, count: u64, changes: u64, seconds: u64) -> Moment {
        Moment {
            seq,
            count,
            changes,
            at: Duration::from_secs(seconds),
        }
    }

    #[test]
    fn a_chat_is_quiet_until_somebody_may_have_come_or_registered_a_device() {
        let quiet = QuietChats::default();
        let chat = ChatId(1);
        assert!(!quiet.holds(chat, moment(5, 3, 0, 0)));
        quiet.remember(chat, moment(5, 3, 0, 0));
        assert!(quiet.holds(chat, moment(9, 7, 0, 9)), "four messages came");
        assert!(!quiet.holds(chat, moment(9, 6, 0, 9)), "something else too");
        assert!(
            !quiet.holds(chat, moment(9, 7, 1, 9)),
            "a device was registered"
        );
        assert!(!quiet.holds(chat, moment(9, 7, 0, 10)), "it was long ago");
        assert!(!quiet.holds(ChatId(2), moment(9, 7, 0, 9)));
    }
}
