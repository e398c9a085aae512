//! Providers of pushes of a test's own, which speak the real protocols and check what they are sent.

mod apns;
mod fcm;
mod server;
mod webpush;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use chinwag_core::ports::PushOutcome;
use parking_lot::Mutex;
use tokio::sync::watch;

pub use apns::{APNS_KEY, APNS_KEY_ID, APNS_TEAM, APNS_TOPIC, FakeApns};
pub use fcm::FakeFcm;
pub use webpush::{Browser, FakeWebPush};

/// A note that a provider took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The device's token; of a browser the path of its endpoint.
    pub address: String,
    /// What the app is told: `type`, `chatId`, `messageId`, `badge`, `userId`.
    pub fields: BTreeMap<String, String>,
    /// The first line; empty where nothing is shown.
    pub title: String,
    /// The text.
    pub body: String,
    /// What replaces what, where the provider waits for the device.
    pub collapse_key: String,
    /// For how many seconds the provider keeps it.
    pub ttl_seconds: u32,
}

impl Taken {
    /// Returns whether it takes a note back.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.fields["type"] == "clear"
    }
}

/// What a provider was asked and answers.
#[derive(Debug)]
pub struct Desk {
    taken: Mutex<Vec<Taken>>,
    /// Requests, those included that were not taken.
    asked: watch::Sender<u64>,
    outcomes: Mutex<HashMap<String, PushOutcome>>,
    /// While it hangs no request is answered.
    hangs: watch::Sender<bool>,
}

impl Desk {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            asked: watch::Sender::new(0),
            outcomes: Mutex::default(),
            hangs: watch::Sender::new(false),
        })
    }

    /// Lets the provider answer an address like this from now on.
    pub fn answer(&self, address: &str, outcome: PushOutcome) {
        self.outcomes.lock().insert(address.into(), outcome);
    }

    /// Lets the provider hang, or go on.
    pub fn hang(&self, hangs: bool) {
        self.hangs.send_replace(hangs);
    }

    /// Returns what it took, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().clone()
    }

    /// Waits until it took so many notes, and returns them all.
    pub async fn took(&self, count: usize) -> Vec<Taken> {
        let mut asked = self.asked.subscribe();
        loop {
            asked.borrow_and_update();
            // Copied once there are enough: a benchmark waits for thousands.
            if self.taken.lock().len() >= count {
                return self.taken();
            }
            asked
                .changed()
                .await
                .expect("the sender is this desk's own");
        }
    }

    /// Waits until it was asked so many times, whatever it answered.
    pub async fn asked(&self, count: u64) {
        let mut asked = self.asked.subscribe();
        let enough = asked.wait_for(|asked| *asked >= count).await;
        enough.expect("the sender is this desk's own");
    }

    /// Takes a note, unless its address is answered otherwise; says what the provider answers.
    async fn take(&self, note: Taken) -> PushOutcome {
        let mut hangs = self.hangs.subscribe();
        let goes_on = hangs.wait_for(|hangs| !hangs).await;
        goes_on.expect("the sender is this desk's own");
        let outcome = self.outcomes.lock().get(&note.address).cloned();
        let outcome = outcome.unwrap_or(PushOutcome::Sent);
        if outcome == PushOutcome::Sent {
            self.taken.lock().push(note);
        }
        self.asked.send_modify(|asked| *asked += 1);
        outcome
    }
}
