//! [`PushSender`] in memory: devices whose screens one can look at.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chinwag_proto::{ChatId, DeviceId, UserId};
use parking_lot::Mutex;

use crate::ports::{EngineResult, PushNote, PushOutcome, PushSender};

/// Shows notes on screens in memory.
#[derive(Debug, Default)]
pub struct MemoryPush {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// One note a chat: notes of one chat replace each other, so a screen holds as many as its user has chats.
    screens: BTreeMap<(UserId, DeviceId), BTreeMap<ChatId, PushNote>>,
    outcomes: BTreeMap<String, PushOutcome>,
    sent: u64,
}

impl MemoryPush {
    /// Makes one whose provider takes every note.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the provider answer an address like this from now on.
    pub fn answer(&self, address: &str, outcome: PushOutcome) {
        self.state.lock().outcomes.insert(address.into(), outcome);
    }

    /// Returns the notes on a device's screen, in order of chat.
    #[must_use]
    pub fn screen(&self, user: &UserId, device: &DeviceId) -> Vec<PushNote> {
        let state = self.state.lock();
        let screen = state.screens.get(&(user.clone(), device.clone()));
        screen
            .into_iter()
            .flat_map(|notes| notes.values().cloned())
            .collect()
    }

    /// Returns how many notes the provider took.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.state.lock().sent
    }
}

#[async_trait]
impl PushSender for MemoryPush {
    async fn send(&self, notes: &[PushNote]) -> EngineResult<Vec<PushOutcome>> {
        let mut state = self.state.lock();
        Ok(notes.iter().map(|note| state.send(note)).collect())
    }
}

impl State {
    fn send(&mut self, note: &PushNote) -> PushOutcome {
        let address = &note.device.address;
        let outcome = self.outcomes.get(address).cloned();
        let outcome = outcome.unwrap_or(PushOutcome::Sent);
        if outcome == PushOutcome::Sent {
            self.sent += 1;
            self.show(note);
        }
        outcome
    }

    fn show(&mut self, note: &PushNote) {
        let device = (note.device.user.clone(), note.device.device.clone());
        let screen = self.screens.entry(device).or_default();
        if note.message.is_some() {
            screen.insert(note.chat, note.clone());
        } else {
            screen.remove(&note.chat);
        }
    }
}
