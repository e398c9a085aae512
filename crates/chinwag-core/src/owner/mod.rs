//! The owner: the one writer of each chat. Place, id, de-duplication, membership and authorisation are decided here.
//!
//! A command's way: [`Owner::execute`] loads the chat into a bounded cache, finds out whether the request came
//! before, decides under the chat's lock, stamps a row and lets it wait; one writer a chat brings what waits to the
//! store, confirms in order, answers, and publishes. The rules are numbered in `docs/owner.md`.

mod adopt;
mod answer;
mod arrivals;
mod balance;
mod cache;
mod chat;
mod clocks;
pub mod command;
mod commit;
mod create;
mod decision;
mod execute;
mod failpoint;
mod feeding;
mod hand_over;
mod heads;
mod ids;
mod import;
mod lease;
mod load;
mod marks;
mod members;
mod membership;
mod messages;
mod number;
mod path;
mod placement;
mod publish;
mod receipts;
mod renewal;
mod repetition;
mod request;
mod stamp;
mod untold;
mod update;
mod validate;
mod watch;
mod window;
mod writer;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use chinwag_proto::{ClientId, Limits, Problem, UserId, shapes::HistoryVisible};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use command::{Caller, Command, ConfirmedHead, NewMessage, Outcome};
pub use hand_over::Peers;
pub use import::{
    IMPORT_BATCH, ImportInto, Imported, ImportedBody, ImportedChat, ImportedEvent,
    ImportedMembership, ImportedMessage, RepliedTo,
};
pub use members::{no_such_chat, no_such_message};
pub use number::take_free_number;

use crate::{
    clock::Clock,
    delivery::Delivery,
    model::NodeId,
    ports::{
        Accounts, Directory, EngineError, EventQueue, MessageStore, NodeProfile, Ownership,
        QueueMarks,
    },
};

/// The ports that the owner needs.
#[derive(Clone)]
pub struct OwnerPorts {
    /// Where events go.
    pub store: Arc<dyn MessageStore>,
    /// Chats, members, marks.
    pub directory: Arc<dyn Directory>,
    /// Users: whether one exists.
    pub accounts: Arc<dyn Accounts>,
    /// Leases and terms.
    pub ownership: Arc<dyn Ownership>,
    /// Confirmed events, once more.
    pub queue: Arc<dyn EventQueue>,
    /// What the queue may lack of the log; none where the log is the queue.
    pub marks: Option<Arc<dyn QueueMarks>>,
    /// Confirmed events, at once.
    pub delivery: Arc<Delivery>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The owner's bounds.
#[derive(Debug, Clone)]
pub struct OwnerSettings {
    /// This node's number.
    pub node: NodeId,
    /// The protocol's limits.
    pub limits: Limits,
    /// Chats with more members are delivered through the queue and a topic.
    pub direct_max_members: u32,
    /// Members of all cached chats together; chats used longest ago go first.
    pub cached_members: usize,
    /// Events of one chat that may wait for the store; above it `overloaded`.
    pub waiting_per_chat: usize,
    /// Tells this process from every other one that has, or had, the node's number; drawn at random at each start.
    pub process: u64,
    /// Whether this is the only node there is, holding the store's lock: it keeps its term, and its lease never ends.
    pub sole: bool,
    /// What the other nodes are told of this one.
    pub profile: NodeProfile,
    /// Whether messages are queued for devices from the start; else from [`Owner::feed_devices`] on. Off only where
    /// nobody has a device, and no other node registers one.
    pub feeds_devices: bool,
}

impl Default for OwnerSettings {
    fn default() -> Self {
        Self {
            node: NodeId(0),
            limits: Limits::default(),
            direct_max_members: 1_000,
            cached_members: 1_000_000,
            waiting_per_chat: 1_024,
            process: 0,
            sole: true,
            profile: NodeProfile::default(),
            feeds_devices: true,
        }
    }
}

/// The one writer of the chats that this node owns.
pub struct Owner {
    ports: OwnerPorts,
    settings: OwnerSettings,
    lease: lease::Lease,
    ids: ids::IdGenerator,
    cache: cache::Cache,
    arrivals: arrivals::Arrivals,
    creating: tokio::sync::Mutex<()>,
    mark_times: marks::MarkTimes,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// Cancelled once this process's lease is gone for good.
    closed: CancellationToken,
    /// What is marked and not queued yet.
    ledger: feeding::Ledger,
    /// What is known of the other nodes' leases.
    beats: Mutex<watch::Beats>,
    /// Who owns what, as last read.
    placement: placement::Placement,
    /// Held while shards change hands here, so that one thing at a time decides that.
    moving: tokio::sync::Mutex<()>,
    /// Told when the cluster is to be looked at before its time.
    look: Notify,
    /// Whether this node gives up what it has, and claims nothing any more.
    leaving: AtomicBool,
    peers: OnceLock<Arc<dyn Peers>>,
    /// Why the last renewal failed; none where it was confirmed.
    unrenewed: Mutex<Option<EngineError>>,
    /// Told when the lease is to be renewed before its time: an id is wanted that isn't promised.
    unpromised: Notify,
    /// Whether messages are queued for devices; once they are, for good.
    feeds_devices: AtomicBool,
}

impl Owner {
    /// Claims what this node owns (embedded: everything) and stands ready.
    ///
    /// The only node there is starts on a full disk too: it reads, and refuses to write until there is room.
    /// One of several takes its number first, and waits for the end of the lease of whoever had it before and didn't
    /// leave: up to 10 s. Then it waits until each shard has an owner that lives, up to 15 s.
    /// Errors: the ownership's or the store's engine is away, or a living process has the number.
    pub async fn start(ports: OwnerPorts, settings: OwnerSettings) -> Result<Arc<Self>, Problem> {
        if !settings.sole {
            number::take_number(&*ports.ownership, &settings).await?;
        }
        let promised = ports.ownership.ids_up_to(settings.node).await?;
        let owner = Arc::new(Self::new(ports, settings, promised));
        owner.first_renewal().await?;
        let renewing = Arc::clone(&owner);
        owner
            .tasks
            .spawn(async move { renewing.keep_renewing().await });
        if owner.settings.sole {
            owner.take_all().await?;
        } else if owner.settings.profile.owns_chats {
            owner.settle().await;
        } else if let Err(error) = owner.watch().await {
            tracing::warn!(%error, "can't see yet who owns what");
        }
        if let Some(marks) = owner.ports.marks.clone() {
            owner.tasks.spawn(Arc::clone(&owner).keep_feeding(marks));
        }
        if !owner.settings.sole {
            owner.tasks.spawn(Arc::clone(&owner).keep_watching());
        }
        Ok(owner)
    }

    fn new(ports: OwnerPorts, settings: OwnerSettings, promised: u64) -> Self {
        Self {
            lease: lease::Lease::new(),
            ids: ids::IdGenerator::above(settings.node, promised),
            cache: cache::Cache::new(settings.cached_members),
            arrivals: arrivals::Arrivals::new(ports.clock.now()),
            creating: tokio::sync::Mutex::default(),
            mark_times: marks::MarkTimes::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            closed: CancellationToken::new(),
            ledger: feeding::Ledger::default(),
            beats: Mutex::default(),
            placement: placement::Placement::new(),
            moving: tokio::sync::Mutex::default(),
            look: Notify::new(),
            leaving: AtomicBool::new(false),
            peers: OnceLock::new(),
            unrenewed: Mutex::default(),
            unpromised: Notify::new(),
            feeds_devices: AtomicBool::new(settings.feeds_devices),
            ports,
            settings,
        }
    }

    /// Stops: what waits is written or given up, then nothing runs any more.
    pub async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Queues every message from now on for devices too: to be called before a device counts as registered.
    pub fn feed_devices(&self) {
        self.feeds_devices.store(true, Ordering::Release);
    }

    /// Returns whether somebody may have a device: else nobody is told of what was sent or read for one.
    fn feeds_devices(&self) -> bool {
        self.feeds_devices.load(Ordering::Acquire)
    }

    /// Checks what a chat or a user is to be called.
    pub fn check_name(&self, name: &str) -> Result<(), Problem> {
        validate::name(name, &self.settings.limits)
    }
}

/// A group to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// Who else is a member; each exists, or `unknownUser`.
    pub members: Vec<UserId>,
    /// From where members who come later read.
    pub history_visible: HistoryVisible,
    /// The caller's own id of the request.
    pub client_id: Option<ClientId>,
}

/// A chat that has an id and is to be made by its owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum NewChat {
    /// The caller's and this user's.
    Direct(UserId),
    /// A group; nobody is named twice, nor the caller.
    Group(NewGroup),
}
