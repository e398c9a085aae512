//! The push role: takes messages from the queue and tells the devices of members who don't see them.
//!
//! A record is acknowledged when everything that follows from it is through: sent, refused for good, expired, or read
//! meanwhile. What waits holds no text: what a note says, whether it is still wanted and what the badge shows are
//! read when it is sent.

mod audience;
mod compose;
mod counts;
mod deliver;
mod lanes;
mod looks;
mod progress;
mod quiet;
mod senders;
mod settings;
mod standing;
mod text;
mod work;

use std::sync::Arc;

use chinwag_core::{
    Clock,
    delivery::{HasRead, ReadListener},
    ports::{Accounts, Directory, EventQueue, MessageStore, Presence, QueueGroup},
    reads::Reads,
};
use tokio::sync::{Mutex, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use counts::PushCounts;
pub use quiet::DeviceChanges;
pub use senders::Senders;
pub(crate) use senders::{check, keep_vapid_key, kept_vapid_key, own_vapid_key};
pub use settings::{Content, PushSettings};

use crate::consumer::Pauses;

/// Words about what was read that may wait; beyond, some notes stay on screens until their app opens.
const READS_WAITING: usize = 10_000;

/// What the push role needs.
#[derive(Clone)]
pub struct PushPorts {
    /// Where messages come from.
    pub queue: Arc<dyn EventQueue>,
    /// What they say.
    pub store: Arc<dyn MessageStore>,
    /// Members, marks, settings.
    pub directory: Arc<dyn Directory>,
    /// Names and devices.
    pub accounts: Arc<dyn Accounts>,
    /// Who has a session.
    pub presence: Arc<dyn Presence>,
    /// Badges.
    pub reads: Arc<Reads>,
    /// Who brings notes to devices.
    pub senders: Senders,
    /// Whether somebody registered a device meanwhile.
    pub device_changes: Arc<DeviceChanges>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The push role.
pub struct Push {
    ports: PushPorts,
    settings: PushSettings,
    counts: Arc<PushCounts>,
    quiet: quiet::QuietChats,
    heard: mpsc::Sender<HasRead>,
    hearing: Mutex<mpsc::Receiver<HasRead>>,
    /// Looks and tries under way: they hold the ports, and so the data directory.
    jobs: TaskTracker,
}

impl Push {
    /// Makes the role; [`Push::run`] lets it work.
    #[must_use]
    pub fn new(ports: PushPorts, settings: PushSettings) -> Arc<Self> {
        let (heard, hearing) = mpsc::channel(READS_WAITING);
        Arc::new(Self {
            ports,
            settings,
            counts: Arc::default(),
            quiet: quiet::QuietChats::default(),
            heard,
            hearing: Mutex::new(hearing),
            jobs: TaskTracker::new(),
        })
    }

    /// Returns what it counts.
    #[must_use]
    pub fn counts(&self) -> &Arc<PushCounts> {
        &self.counts
    }

    /// Works until it is cancelled; after a failure of the queue it begins again where it acknowledged.
    pub async fn run(self: Arc<Self>, cancel: CancellationToken) {
        let mut pauses = Pauses::new(QueueGroup::Push, settings::LONGEST_PAUSE);
        let working = async {
            loop {
                let Err(error) = work::work(&self, &mut pauses).await;
                pauses.after(error).await;
            }
        };
        tokio::select! {
            () = cancel.cancelled() => {}
            never = working => match never {},
        }
        self.jobs.close();
        self.jobs.wait().await;
    }
}

impl ReadListener for Push {
    fn has_read(&self, read: HasRead) {
        let _ = self.heard.try_send(read);
    }
}
