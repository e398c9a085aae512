//! Ids that are reserved for a chat's imported events, where one process has the store.

use chinwag_proto::{ChatId, EventId};
use parking_lot::Mutex;

use crate::recent::Recent;

/// Reservations that are remembered at least: many more than the imports of one process have on their way.
const REMEMBERED: usize = 100_000;

/// Remembers for which chats ids were reserved lately, for stores that one process has
/// ([`super::MessageStore::reserve`]).
#[derive(Debug)]
pub struct ReservedIds(Mutex<Recent<EventId, ChatId>>);

impl Default for ReservedIds {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(REMEMBERED)))
    }
}

impl ReservedIds {
    /// Reserves an id for a chat; tells whether it is the chat's now.
    pub fn reserve(&self, chat: ChatId, id: EventId) -> bool {
        let mut all = self.0.lock();
        match all.get(id) {
            Some(holder) => *holder == chat,
            None => {
                all.put(id, chat);
                true
            }
        }
    }
}
