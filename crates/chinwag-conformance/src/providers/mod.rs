//! Providers of pushes of a test's own, which speak the real protocols and check what they are sent.

mod apns;
mod fcm;
mod server;
mod webpush;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Instant,
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

/// How a provider answers an address.
#[derive(Debug, Clone)]
enum Answer {
    /// As its protocol says it.
    Outcome(PushOutcome),
    /// By a status alone, with `Retry-After` unless that is 0.
    Status { status: u16, wait_ms: u64 },
}

/// What a provider was asked and answers.
#[derive(Debug)]
pub struct Desk {
    taken: Mutex<Vec<Taken>>,
    /// Requests that came, also those that hang.
    reached: watch::Sender<u64>,
    /// Requests that were answered, those included that were not taken.
    asked: watch::Sender<u64>,
    /// When each request of an address came.
    times: Mutex<HashMap<String, Vec<Instant>>>,
    answers: Mutex<HashMap<String, Answer>>,
    /// While it hangs no request is answered.
    hangs: watch::Sender<bool>,
}

impl Desk {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            taken: Mutex::default(),
            reached: watch::Sender::new(0),
            asked: watch::Sender::new(0),
            times: Mutex::default(),
            answers: Mutex::default(),
            hangs: watch::Sender::new(false),
        })
    }

    /// Lets the provider answer an address like this from now on.
    pub fn answer(&self, address: &str, outcome: PushOutcome) {
        let answer = Answer::Outcome(outcome);
        self.answers.lock().insert(address.into(), answer);
    }

    /// Lets the provider answer an address by a status without a body from now on, and ask for a wait unless it is 0.
    pub fn answer_status(&self, address: &str, status: u16, wait_ms: u64) {
        let answer = Answer::Status { status, wait_ms };
        self.answers.lock().insert(address.into(), answer);
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

    /// Waits until so many requests came, whether they were answered or hang.
    pub async fn reached(&self, count: u64) {
        let mut reached = self.reached.subscribe();
        let enough = reached.wait_for(|reached| *reached >= count).await;
        enough.expect("the sender is this desk's own");
    }

    /// Returns when each request of an address came, in order.
    #[must_use]
    pub fn times(&self, address: &str) -> Vec<Instant> {
        self.times.lock().get(address).cloned().unwrap_or_default()
    }

    fn came(&self, address: &str) {
        let mut times = self.times.lock();
        times
            .entry(address.into())
            .or_default()
            .push(Instant::now());
    }

    /// Takes a note, unless its address is answered otherwise; says what the provider answers.
    async fn take(&self, note: Taken) -> Answer {
        self.came(&note.address);
        self.reached.send_modify(|reached| *reached += 1);
        let mut hangs = self.hangs.subscribe();
        let goes_on = hangs.wait_for(|hangs| !hangs).await;
        goes_on.expect("the sender is this desk's own");
        let answer = self.answers.lock().get(&note.address).cloned();
        let answer = answer.unwrap_or(Answer::Outcome(PushOutcome::Sent));
        if matches!(answer, Answer::Outcome(PushOutcome::Sent)) {
            self.taken.lock().push(note);
        }
        self.asked.send_modify(|asked| *asked += 1);
        answer
    }
}
