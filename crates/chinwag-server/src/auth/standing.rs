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
/// Users remembered at least while so many others are read; twice as many are held at most. Few: each costs as much as a
/// session, and who asks again soon does it at once.
const REMEMBERED: usize = 2_000;

type Aged<T> = (Duration, T);

/// Reads users and keys through a small cache that a change on this node empties at once.
pub struct Standing {
    accounts: Arc<dyn Accounts>,
    clock: Arc<dyn Clock>,
    users: Mutex<Users>,
    keys: Mutex<Option<Aged<Arc<Vec<ApiKey>>>>>,
    /// Counts changes: what was read before one is not remembered after it.
    changes: AtomicU64,
}

/// The users who were read lately, in two generations: the older one goes as a whole.
#[derive(Default)]
struct Users {
    younger: HashMap<UserId, Aged<Arc<UserRow>>>,
    older: HashMap<UserId, Aged<Arc<UserRow>>>,
    turned_at: Duration,
}

impl Users {
    fn get(&self, user: &UserId, now: Duration) -> Option<Arc<UserRow>> {
        let (at, row) = self.younger.get(user).or_else(|| self.older.get(user))?;
        (now.saturating_sub(*at) < BELIEVED).then(|| Arc::clone(row))
    }

    fn put(&mut self, user: &UserId, now: Duration, row: Arc<UserRow>) {
        let is_over = now.saturating_sub(self.turned_at) >= BELIEVED;
        if is_over || self.younger.len() >= REMEMBERED {
            self.older = std::mem::take(&mut self.younger);
            self.turned_at = now;
        }
        self.younger.insert(user.clone(), (now, row));
    }

    fn remove(&mut self, user: &UserId) {
        self.younger.remove(user);
        self.older.remove(user);
    }
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
        if let Some(row) = self.users.lock().get(user, now) {
            return Ok(Some(row));
        }
        let changes = self.changes.load(Ordering::SeqCst);
        let read = self.accounts.users(std::slice::from_ref(user)).await?;
        let row = read.into_iter().next().flatten().map(Arc::new);
        if let Some(row) = &row {
            let mut users = self.users.lock();
            if self.changes.load(Ordering::SeqCst) == changes {
                users.put(user, now, Arc::clone(row));
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

#[cfg(test)]
mod tests {
    use chinwag_proto::Timestamp;

    use super::*;

    fn user(number: usize) -> UserId {
        UserId::new(&format!("user{number}")).expect("an id")
    }

    #[test]
    fn users_are_remembered_for_seconds_and_no_more_than_twice_so_many() {
        let mut users = Users::default();
        let row = |number| Arc::new(UserRow::new(user(number), Timestamp::default()));
        let second = Duration::from_secs(1);
        for number in 0..10 * REMEMBERED {
            users.put(&user(number), second, row(number));
            assert!(users.get(&user(number), second).is_some());
            let before = number.saturating_sub(REMEMBERED - 1);
            assert!(users.get(&user(before), second).is_some(), "{before}");
            assert!(users.younger.len() + users.older.len() <= 2 * REMEMBERED);
        }
        let last = 10 * REMEMBERED - 1;
        assert!(users.get(&user(last), second + BELIEVED).is_none());
        for turn in 1..=2 {
            users.put(&user(0), second + turn * BELIEVED, row(0));
        }
        assert_eq!(users.younger.len() + users.older.len(), 2);
        users.remove(&user(0));
        assert!(users.get(&user(0), second + 2 * BELIEVED).is_none());
    }
}
