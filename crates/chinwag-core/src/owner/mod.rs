//! The owner: the one writer of each chat. Place, id, de-duplication, membership and authorisation are decided here.
//!
//! A command's way: [`Owner::execute`] loads the chat into a bounded cache, finds out whether the request came
//! before, decides under the chat's lock, stamps a row and lets it wait; one writer a chat brings what waits to the
//! store, confirms in order, answers, and publishes. The rules are numbered in `docs/owner.md`.

mod adopt;
mod answer;
mod arrivals;
mod cache;
mod chat;
pub mod command;
mod commit;
mod create;
mod decision;
mod execute;
mod feeding;
mod ids;
mod import;
mod lease;
mod load;
mod marks;
mod members;
mod membership;
mod messages;
mod path;
mod publish;
mod receipts;
mod renewal;
mod repetition;
mod request;
mod stamp;
mod update;
mod validate;
mod watch;
mod window;
mod writer;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chinwag_proto::{ChatId, ClientId, Limits, Problem, UserId, shapes::HistoryVisible};
use parking_lot::Mutex;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use command::{Caller, Command, ConfirmedHead, NewMessage, Outcome};
pub use import::{
    IMPORT_BATCH, Imported, ImportedBody, ImportedChat, ImportedEvent, ImportedMembership,
    ImportedMessage, RepliedTo,
};
pub use members::{no_such_chat, no_such_message};

use crate::{
    clock::Clock,
    delivery::Delivery,
    model::NodeId,
    ports::{Accounts, Directory, EngineError, EventQueue, MessageStore, Ownership, QueueMarks},
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
    chosen_ids: import::ChosenIds,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// What is marked and not queued yet.
    ledger: feeding::Ledger,
    /// What is known of the other nodes' leases.
    beats: Mutex<watch::Beats>,
    /// Whether shards that this node let go are still to be claimed.
    claims_due: AtomicBool,
    /// Why the last renewal failed; none where it was confirmed.
    unrenewed: Mutex<Option<EngineError>>,
    /// Whether messages are queued for devices; once they are, for good.
    feeds_devices: AtomicBool,
}

impl Owner {
    /// Claims what this node owns (embedded: everything) and stands ready.
    ///
    /// The only node there is starts on a full disk too: it reads, and refuses to write until there is room.
    /// One of several takes its number first, and waits for the end of the lease of whoever had it before and didn't
    /// leave: up to 10 s.
    /// Errors: the ownership's or the store's engine is away, or a living process has the number.
    pub async fn start(ports: OwnerPorts, settings: OwnerSettings) -> Result<Arc<Self>, Problem> {
        if !settings.sole {
            watch::take_number(&*ports.ownership, &settings).await?;
        }
        let promised = ports.ownership.ids_up_to(settings.node).await?;
        let owner = Arc::new(Self {
            lease: lease::Lease::new(),
            ids: ids::IdGenerator::above(settings.node, promised),
            cache: cache::Cache::new(settings.cached_members),
            arrivals: arrivals::Arrivals::new(ports.clock.now()),
            creating: tokio::sync::Mutex::default(),
            chosen_ids: import::ChosenIds::default(),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            ledger: feeding::Ledger::default(),
            beats: Mutex::default(),
            claims_due: AtomicBool::new(false),
            unrenewed: Mutex::default(),
            feeds_devices: AtomicBool::new(settings.feeds_devices),
            ports,
            settings,
        });
        owner.first_renewal().await?;
        owner.claim_all().await?;
        let renewing = Arc::clone(&owner);
        owner
            .tasks
            .spawn(async move { renewing.keep_renewing().await });
        if let Some(marks) = owner.ports.marks.clone() {
            owner.tasks.spawn(Arc::clone(&owner).keep_feeding(marks));
        }
        if !owner.settings.sole {
            owner.tasks.spawn(Arc::clone(&owner).keep_watching());
        }
        Ok(owner)
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

    /// Tells the confirmed end of each chat; the answer has the order and length of the question, none where a
    /// chat has no event or is gone. Nobody shows a place above it (rule A3).
    pub async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        let mut heads: Vec<_> = chats.iter().map(|chat| self.cached_head(*chat)).collect();
        let missing: Vec<ChatId> = chats
            .iter()
            .zip(&heads)
            .filter(|(_, head)| head.is_none())
            .map(|(chat, _)| *chat)
            .collect();
        if missing.is_empty() {
            return Ok(heads.into_iter().flatten().collect());
        }
        let rows = self.ports.store.heads(&missing).await?;
        let chat_rows = self.ports.directory.chats(&missing).await?;
        let mut stored = missing
            .iter()
            .zip(rows)
            .zip(chat_rows)
            .map(|((chat, last), row)| {
                // A chat that came into memory meanwhile may have rows in the store that are not confirmed.
                self.cached_head(*chat).unwrap_or_else(|| {
                    let row = row.filter(|row| !row.deleted)?;
                    Some(ConfirmedHead {
                        chat: *chat,
                        epoch: row.epoch,
                        seq: last?.seq,
                    })
                })
            });
        for head in heads.iter_mut().filter(|head| head.is_none()) {
            *head = stored.next();
        }
        drop(stored);
        Ok(heads.into_iter().map(Option::flatten).collect())
    }

    /// Returns a chat's head where it is in memory; the inner none: it has no confirmed event, or is gone.
    fn cached_head(&self, chat: ChatId) -> Option<Option<ConfirmedHead>> {
        let cached = self.cache.peek(chat)?;
        let state = cached.state();
        if state.retired {
            return None;
        }
        let shown = state.confirmed.0 > 0 && !state.row.deleted;
        Some(shown.then_some(ConfirmedHead {
            chat,
            epoch: state.row.epoch,
            seq: state.confirmed,
        }))
    }
}

/// A group to make.
#[derive(Debug, Clone, PartialEq)]
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
