//! The embedded engines show every behaviour of the ports that they have.
#![cfg(all(feature = "fjall", feature = "tantivy"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use async_trait::async_trait;
use chinwag_backends::{
    fjall::{Embedded, Options},
    tantivy::{self, TantivySearch},
};
use chinwag_conformance::{
    AccountsEngine, DirectoryEngine, Engine, EventQueueEngine, MessageStoreEngine, OwnershipEngine,
    SearchIndexEngine, conformance_tests,
};
use chinwag_core::ports::{Accounts, Directory, EventQueue, MessageStore, Ownership, SearchIndex};
use tempfile::TempDir;

/// The embedded engine in a directory of its own.
struct InDirectory {
    engine: Arc<Embedded>,
    directory: TempDir,
}

impl InDirectory {
    fn open(directory: TempDir) -> Self {
        // Whether the disk that a test runs on is nearly full says nothing about a behaviour.
        let options = Options {
            min_free_bytes: 0,
            ..Options::default()
        };
        let engine = Embedded::open(directory.path(), options).unwrap();
        Self { engine, directory }
    }
}

#[async_trait]
impl Engine for InDirectory {
    async fn fresh() -> Self {
        Self::open(TempDir::new().unwrap())
    }

    async fn reopen(self) -> Self {
        let Self { engine, directory } = self;
        drop(engine);
        Self::open(directory)
    }
}

impl MessageStoreEngine for InDirectory {
    fn message_store(&self) -> Arc<dyn MessageStore> {
        self.engine.clone()
    }
}

impl DirectoryEngine for InDirectory {
    fn directory(&self) -> Arc<dyn Directory> {
        self.engine.clone()
    }
}

impl AccountsEngine for InDirectory {
    fn accounts(&self) -> Arc<dyn Accounts> {
        self.engine.clone()
    }
}

impl EventQueueEngine for InDirectory {
    fn event_queue(&self) -> Arc<dyn EventQueue> {
        self.engine.clone()
    }
}

impl OwnershipEngine for InDirectory {
    fn ownership(&self) -> Arc<dyn Ownership> {
        self.engine.clone()
    }
}

conformance_tests!(
    InDirectory: message_store,
    directory,
    accounts,
    event_queue,
    ownership
);

/// The search index in a directory of its own.
struct Searched {
    index: Arc<TantivySearch>,
    directory: TempDir,
}

impl Searched {
    fn open(directory: TempDir) -> Self {
        let options = tantivy::Options {
            min_free_bytes: 0,
            ..tantivy::Options::default()
        };
        let index = Arc::new(TantivySearch::open(directory.path(), options).unwrap());
        Self { index, directory }
    }
}

#[async_trait]
impl Engine for Searched {
    async fn fresh() -> Self {
        let fresh = Self::open(TempDir::new().unwrap());
        // A new one must be built, from a log without messages.
        fresh.index.rebuild().await.unwrap().finish().await.unwrap();
        fresh
    }

    async fn reopen(self) -> Self {
        let Self { index, directory } = self;
        drop(index);
        Self::open(directory)
    }
}

impl SearchIndexEngine for Searched {
    fn search_index(&self) -> Arc<dyn SearchIndex> {
        self.index.clone()
    }
}

conformance_tests!(Searched: search_index);
