//! A real Cassandra shows every behaviour of the ports that it has.
//!
//! It must answer at `ENGINES_ADDRESS` (127.0.0.1), port 19042: `scripts/engines/up cassandra` starts one. Where none
//! does, every test here fails.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod amending;
#[path = "../certificate/mod.rs"]
mod certificate;
mod encrypted;
mod keyspaces;

use std::{marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use chinwag_backends::cassandra::Cassandra;
use chinwag_conformance::{
    AccountsEngine, DirectoryEngine, Engine, MessageStoreEngine, OwnershipEngine, QueueMarksEngine,
    conformance_tests,
};
use chinwag_core::ports::{Accounts, Directory, MessageStore, Ownership, QueueMarks};

use keyspaces::Keyspace;

/// What of the schema some ports use; emptying a table costs a tenth of a second.
trait Tables: Send + Sync + 'static {
    const NAMES: &'static [&'static str];
}

/// Those of logs and of the directory.
struct Chats;

impl Tables for Chats {
    const NAMES: &'static [&'static str] = &[
        "log",
        "parts",
        "ids",
        "sent",
        "versions",
        "reactions",
        "chats",
        "members",
        "chats_of",
        "chat_list",
        "chat_buckets",
        "marks",
        "preferences",
        "pairs",
        "requests",
    ];
}

/// Those of accounts.
struct People;

impl Tables for People {
    const NAMES: &'static [&'static str] = &[
        "users",
        "user_ids",
        "user_names",
        "user_changes",
        "change_days",
        "api_keys",
        "devices",
        "addresses",
    ];
}

/// Those of ownership.
struct Nodes;

impl Tables for Nodes {
    const NAMES: &'static [&'static str] = &["nodes", "shards", "queue_marks", "queue_checkpoints"];
}

/// A cluster's Cassandra, some of its tables empty.
struct InKeyspace<T> {
    engine: Arc<Cassandra>,
    keyspace: Keyspace,
    tables: PhantomData<T>,
}

#[async_trait]
impl<T: Tables> Engine for InKeyspace<T> {
    async fn fresh() -> Self {
        let keyspace = Keyspace::empty(T::NAMES).await;
        Self::opened(keyspace).await
    }

    async fn reopen(self) -> Self {
        let Self {
            engine, keyspace, ..
        } = self;
        drop(engine);
        Self::opened(keyspace).await
    }
}

impl<T> InKeyspace<T> {
    async fn opened(keyspace: Keyspace) -> Self {
        Self {
            engine: keyspace.open().await,
            keyspace,
            tables: PhantomData,
        }
    }
}

impl MessageStoreEngine for InKeyspace<Chats> {
    fn message_store(&self) -> Arc<dyn MessageStore> {
        self.engine.clone()
    }
}

impl DirectoryEngine for InKeyspace<Chats> {
    fn directory(&self) -> Arc<dyn Directory> {
        self.engine.clone()
    }
}

impl AccountsEngine for InKeyspace<People> {
    fn accounts(&self) -> Arc<dyn Accounts> {
        self.engine.clone()
    }
}

impl QueueMarksEngine for InKeyspace<Nodes> {
    fn queue_marks(&self) -> Arc<dyn QueueMarks> {
        self.engine.clone()
    }
}

impl OwnershipEngine for InKeyspace<Nodes> {
    fn ownership(&self) -> Arc<dyn Ownership> {
        self.engine.clone()
    }
}

conformance_tests!(#[ignore = "needs a Cassandra: make conformance"] InKeyspace<Chats>: message_store, directory);
conformance_tests!(#[ignore = "needs a Cassandra: make conformance"] InKeyspace<People>: accounts);
conformance_tests!(#[ignore = "needs a Cassandra: make conformance"] InKeyspace<Nodes>: ownership, queue_marks);
