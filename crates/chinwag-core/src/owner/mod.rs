//! The owner: the one writer of each chat. Place, id, de-duplication, membership and authorisation are decided here.

pub mod command;

use std::sync::Arc;

use chinwag_proto::{ChatId, ClientId, Limits, Problem, UserId, shapes::HistoryVisible};

pub use command::{Caller, Command, ConfirmedHead, NewMessage, Outcome};

use crate::{
    clock::Clock,
    delivery::Delivery,
    model::NodeId,
    ports::{Accounts, Directory, EventQueue, MessageStore, Ownership},
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
    /// Events of one chat that may wait for the store.
    pub waiting_per_chat: usize,
}

impl Default for OwnerSettings {
    fn default() -> Self {
        Self {
            node: NodeId(0),
            limits: Limits::default(),
            direct_max_members: 1_000,
            cached_members: 1_000_000,
            waiting_per_chat: 1_024,
        }
    }
}

/// The one writer of the chats that this node owns.
pub struct Owner {
    #[expect(dead_code, reason = "replaced within the hour")]
    ports: OwnerPorts,
    #[expect(dead_code, reason = "replaced within the hour")]
    settings: OwnerSettings,
}

impl Owner {
    /// Claims what this node owns (embedded: everything) and stands ready.
    pub async fn start(ports: OwnerPorts, settings: OwnerSettings) -> Result<Arc<Self>, Problem> {
        Ok(Arc::new(Self { ports, settings }))
    }

    /// Decides a command and makes it durable.
    ///
    /// Errors are those that clients see: `notFound` for a chat that the caller isn't in, like for one that doesn't
    /// exist; `unknownOutcome` after 2 s without confirmation.
    pub async fn execute(
        &self,
        _caller: &Caller,
        _chat: ChatId,
        _command: Command,
    ) -> Result<Outcome, Problem> {
        Err(Problem::new(
            chinwag_proto::ErrorCode::Unavailable,
            "not built yet",
        ))
    }

    /// Returns the direct chat of the caller and another user, making it where there is none.
    pub async fn create_direct(
        &self,
        _caller: &Caller,
        _other: &UserId,
    ) -> Result<ChatId, Problem> {
        Err(Problem::new(
            chinwag_proto::ErrorCode::Unavailable,
            "not built yet",
        ))
    }

    /// Makes a group that the caller owns; a repeated `client_id` answers the first one.
    pub async fn create_group(
        &self,
        _caller: &Caller,
        _group: NewGroup,
    ) -> Result<ChatId, Problem> {
        Err(Problem::new(
            chinwag_proto::ErrorCode::Unavailable,
            "not built yet",
        ))
    }

    /// Tells the confirmed end of each chat; the answer has the order and length of the question, none where a
    /// chat has no event or is gone. Nobody shows a place above it.
    pub async fn heads(&self, _chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        Err(Problem::new(
            chinwag_proto::ErrorCode::Unavailable,
            "not built yet",
        ))
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
