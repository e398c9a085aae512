//! What the directory says of users and keys, remembered for seconds only.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chinwag_core::{
    Clock,
    model::{ApiKey, UserRow},
    ports::{Accounts, EngineError},
};
use chinwag_proto::UserId;
use parking_lot::Mutex;

/// How long an answer of the directory is believed: what another node changed holds here after that.
const BELIEVED: Duration = Duration::from_secs(5);
/// Users remembered; beyond, all are forgotten, which costs a read each.
const REMEMBERED: usize = 20_000;

type Aged<T> = (Duration, T);

/// Reads users and keys through a small cache that a change on this node empties at once.
pub struct Standing {
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    users: Mutex<HashMap<UserId, Aged<Arc<UserRow>>>>,
    keys: Mutex<Option<Aged<Arc<Vec<ApiKey>>>>>,
    /// Counts changes: what was read before one is not remembered after it.
    changes: AtomicU64,
}

impl Standing {
    /// Makes an empty cache.
    #[must_use]
    pub fn new(accounts: Arc<dyn Accounts>, clock: Arc<dyn Clock>) -> Self {
        Self {
            accounts,
            clock,
            users: Mutex::default(),
            keys: Mutex::default(),
            changes: AtomicU64::new(0),
        }
    }

    /// Forgets a user: what changed is read by whoever asks next.
    pub fn forget(&self, user: &UserId) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.users.lock().remove(user);
    }

    /// Forgets the keys.
    pub fn forget_keys(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        *self.keys.lock() = None;
    }

    /// Reads a user; nobody is remembered who doesn't exist.
    pub async fn user(&self, user: &UserId) -> Result<Option<Arc<UserRow>>, EngineError> {
        let now = self.clock.elapsed();
        if let Some((at, row)) = self.users.lock().get(user)
            && now.saturating_sub(*at) < BELIEVED
        {
            return Ok(Some(Arc::clone(row)));
        }
        let changes = self.changes.load(Ordering::SeqCst);
        let read = self.accounts.users(std::slice::from_ref(user)).await?;
        let row = read.into_iter().next().flatten().map(Arc::new);
        if let Some(row) = &row {
            let mut users = self.users.lock();
            if self.changes.load(Ordering::SeqCst) == changes {
                if users.len() >= REMEMBERED {
                    users.clear();
                }
                users.insert(user.clone(), (now, Arc::clone(row)));
            }
        }
        Ok(row)
    }

    /// Reads the API keys.
    pub async fn keys(&self) -> Result<Arc<Vec<ApiKey>>, EngineError> {
        let now = self.clock.elapsed();
        if let Some((at, keys)) = &*self.keys.lock()
            && now.saturating_sub(*at) < BELIEVED
        {
            return Ok(Arc::clone(keys));
        }
        let changes = self.changes.load(Ordering::SeqCst);
        let read = Arc::new(self.accounts.keys().await?);
        let mut keys = self.keys.lock();
        if self.changes.load(Ordering::SeqCst) == changes {
            *keys = Some((now, Arc::clone(&read)));
        }
        Ok(read)
    }
}
