//! Moving everything over from one set of engines to another, and the check that both hold the same.
//!
//! Whoever moves sees to it that nobody writes into either meanwhile.

mod chats;
mod people;
mod persistence;
mod same;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use chinwag_proto::{ChatId, ClientId, UserId};

use crate::{
    model::Term,
    ports::{Accounts, Directory, EngineError, EngineResult, MessageStore},
};

/// Rows, users and members that are read at a time.
const PAGE: usize = 500;
/// Chats that are moved, or compared, at a time.
const CHATS_AT_ONCE: usize = 4;
/// Everything is written under this term: below every one that an owner will have there, so that owners begin anew.
const TERM: Term = Term(0);

/// What holds everything that is moved.
#[derive(Clone)]
pub struct Stores {
    /// The chats' logs.
    pub store: Arc<dyn MessageStore>,
    /// Chats, members, marks.
    pub directory: Arc<dyn Directory>,
    /// Users, keys, devices.
    pub accounts: Arc<dyn Accounts>,
}

/// Moves everything over.
pub struct Moving {
    from: Stores,
    to: Stores,
    counts: Counts,
}

/// A chat that a user's request made; no port lists them, since nobody else asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeByRequest {
    /// Who asked.
    pub user: UserId,
    /// The request.
    pub request: ClientId,
    /// The chat.
    pub chat: ChatId,
}

/// Why something isn't moved.
#[derive(Debug, thiserror::Error)]
pub enum MovingError {
    /// An engine failed, several times.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The two sides don't hold the same.
    #[error("the two sides differ in {0}")]
    Differs(String),
}

/// How much is dealt with.
#[derive(Debug, Default)]
struct Counts {
    users: AtomicU64,
    chats: AtomicU64,
    events: AtomicU64,
}

/// How much is dealt with, or how much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Users.
    pub users: u64,
    /// Chats, deleted ones too.
    pub chats: u64,
    /// Places of chats.
    pub events: u64,
}

impl Moving {
    /// Makes a move from one set of engines to another.
    #[must_use]
    pub fn new(from: Stores, to: Stores) -> Self {
        Self {
            from,
            to,
            counts: Counts::default(),
        }
    }

    /// Returns how much is dealt with by the copy, or by the check, that runs.
    #[must_use]
    pub fn so_far(&self) -> Amount {
        Amount {
            users: self.counts.users.load(Relaxed),
            chats: self.counts.chats.load(Relaxed),
            events: self.counts.events.load(Relaxed),
        }
    }

    /// Returns whether nobody has used the target yet.
    pub async fn target_is_empty(&self) -> EngineResult<bool> {
        let chats = self.to.directory.all_chats(None, 1).await?;
        let users = self.to.accounts.find_users("", None, 1).await?;
        let keys = self.to.accounts.keys().await?;
        Ok(chats.is_empty() && users.is_empty() && keys.is_empty())
    }

    /// Copies all; what an earlier copy of the same source has brought over is not written again.
    pub async fn copy(&self, requests: Vec<MadeByRequest>) -> Result<(), MovingError> {
        self.counts.begin();
        self.copy_people().await?;
        self.copy_chats().await?;
        self.copy_requests(requests).await
    }

    /// Reads everything on both sides and compares it; the places' terms apart, which begin anew.
    pub async fn compare(&self) -> Result<(), MovingError> {
        self.counts.begin();
        self.compare_people().await?;
        self.compare_chats().await
    }
}

impl Counts {
    fn begin(&self) {
        for count in [&self.users, &self.chats, &self.events] {
            count.store(0, Relaxed);
        }
    }
}

/// Fails where a registration of the target names another chat.
fn check_registered(holds: ChatId, chat: ChatId, what: &str) -> Result<(), MovingError> {
    if holds == chat {
        return Ok(());
    }
    Err(MovingError::Differs(format!(
        "{what}: chat {chat} in one, {holds} in the other"
    )))
}
