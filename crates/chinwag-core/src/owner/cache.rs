//! The chats in memory: loaded on demand, bounded, those used longest ago leave first (rule T1).

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use chinwag_proto::{ChatId, Problem};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::chat::Chat;

type Cell = Arc<OnceCell<Arc<Chat>>>;

/// Chats by id, bounded by the members that they hold together.
pub(super) struct Cache {
    cells: Mutex<HashMap<ChatId, Cell>>,
    tick: AtomicU64,
    held: AtomicUsize,
    bound: usize,
}

impl Cache {
    /// Makes a cache that holds about so many members.
    pub(super) fn new(bound: usize) -> Self {
        Self {
            cells: Mutex::default(),
            tick: 0.into(),
            held: 0.into(),
            bound,
        }
    }

    /// Returns a chat, loading it where it isn't there; many who ask at once load it once.
    pub(super) async fn get<F>(&self, id: ChatId, load: F) -> Result<Arc<Chat>, Problem>
    where
        F: AsyncFnOnce() -> Result<Chat, Problem>,
    {
        let cell = Arc::clone(self.cells.lock().entry(id).or_default());
        let loaded = cell
            .get_or_try_init(async || {
                let chat = load().await?;
                self.held
                    .fetch_add(chat.state().members.held().max(1), Ordering::Relaxed);
                Ok(Arc::new(chat))
            })
            .await;
        match loaded {
            Ok(chat) => {
                let chat = Arc::clone(chat);
                drop(cell);
                chat.touch(self.tick.fetch_add(1, Ordering::Relaxed));
                self.trim();
                Ok(chat)
            }
            Err(problem) => {
                self.forget_empty(id);
                Err(problem)
            }
        }
    }

    /// Returns a chat that is in memory.
    pub(super) fn peek(&self, id: ChatId) -> Option<Arc<Chat>> {
        self.cells.lock().get(&id)?.get().cloned()
    }

    /// Returns the chats that are in memory.
    pub(super) fn all(&self) -> Vec<(ChatId, Arc<Chat>)> {
        let cells = self.cells.lock();
        let loaded = cells
            .iter()
            .filter_map(|(id, cell)| Some((*id, Arc::clone(cell.get()?))));
        loaded.collect()
    }

    /// Lets a retired chat go.
    pub(super) fn remove(&self, id: ChatId, chat: &Arc<Chat>) {
        let mut cells = self.cells.lock();
        if cells
            .get(&id)
            .and_then(|cell| cell.get())
            .is_some_and(|held| Arc::ptr_eq(held, chat))
        {
            cells.remove(&id);
            self.released(chat);
        }
    }

    fn forget_empty(&self, id: ChatId) {
        let mut cells = self.cells.lock();
        if cells
            .get(&id)
            .is_some_and(|cell| cell.get().is_none() && Arc::strong_count(cell) == 2)
        {
            cells.remove(&id);
        }
    }

    fn released(&self, chat: &Chat) {
        let members = chat.state().members.held().max(1);
        let _ = self
            .held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |held| {
                Some(held.saturating_sub(members))
            });
    }

    /// Lets the tenth that was used longest ago go, where there is more than the bound.
    fn trim(&self) {
        if self.held.load(Ordering::Relaxed) <= self.bound {
            return;
        }
        let mut cells = self.cells.lock();
        let mut by_use: Vec<_> = cells
            .iter()
            .filter_map(|(id, cell)| Some((cell.get()?.used(), *id)))
            .collect();
        by_use.sort_unstable();
        for (_, id) in by_use.iter().take(by_use.len() / 10 + 1) {
            let leaves = cells.get(id).is_some_and(|cell| {
                let Some(chat) = cell.get() else { return false };
                // One reference is the cell's: with no other and nothing on its way, nobody can start anything.
                Arc::strong_count(cell) == 1
                    && Arc::strong_count(chat) == 1
                    && chat.state().is_idle()
            });
            if leaves && let Some(chat) = cells.remove(id).and_then(|cell| cell.get().cloned()) {
                self.released(&chat);
            }
        }
    }
}
