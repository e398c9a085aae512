//! Keyspaces for one case at a time: making tables takes seconds, so they are used again, emptied.

use std::{sync::Arc, time::Duration};

use chinwag_backends::cassandra::{Cassandra, Options};
use parking_lot::{Condvar, Mutex};
use scylla::client::{session::Session, session_builder::SessionBuilder};

/// Where Cassandra must answer.
pub(crate) fn address() -> String {
    let host = std::env::var("ENGINES_ADDRESS").unwrap_or_else(|_| "127.0.0.1".into());
    format!("{host}:19042")
}

/// Cases that run at a time: as many as there are keyspaces.
const KEYSPACES: usize = 2;

static FREE: Mutex<u8> = Mutex::new((1 << KEYSPACES) - 1);
static FREED: Condvar = Condvar::new();

/// A keyspace that nobody else uses meanwhile.
pub(crate) struct Keyspace {
    slot: u32,
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        *FREE.lock() |= 1 << self.slot;
        FREED.notify_one();
    }
}

impl Keyspace {
    /// Takes one and empties those of its tables that a case may use.
    pub(crate) async fn empty(tables: &[&str]) -> Self {
        let keyspace = tokio::task::spawn_blocking(Self::take).await.unwrap();
        keyspace.wipe(&session().await, tables).await;
        keyspace
    }

    fn take() -> Self {
        let mut free = FREE.lock();
        while *free == 0 {
            FREED.wait(&mut free);
        }
        let slot = free.trailing_zeros();
        *free &= !(1 << slot);
        Self { slot }
    }

    pub(crate) fn name(&self) -> String {
        format!("case_{}", self.slot)
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            contact_points: vec![address()],
            keyspace: self.name(),
            replication: 1,
            timeout: Duration::from_secs(10),
            ..Options::default()
        }
    }

    /// Opens the engine on it.
    pub(crate) async fn open(&self) -> Arc<Cassandra> {
        Cassandra::open(&self.options()).await.unwrap()
    }

    /// Empties tables, also those that show nothing: what was removed would hide what is written under a lower stamp.
    async fn wipe(&self, session: &Session, tables: &[&str]) {
        let there = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?";
        let there = session.query_unpaged(there, (self.name(),)).await.unwrap();
        let there = there.into_rows_result().unwrap();
        for row in there.rows::<(String,)>().unwrap() {
            let table = row.unwrap().0;
            if tables.contains(&table.as_str()) {
                let truncate = format!("TRUNCATE {}.{table}", self.name());
                session.query_unpaged(truncate, ()).await.unwrap();
            }
        }
    }
}

/// Opens a session that no keyspace belongs to.
pub(crate) async fn session() -> Session {
    let session = SessionBuilder::new().known_node(address()).build().await;
    session.unwrap_or_else(|error| {
        panic!(
            "no Cassandra at {}: {error}; start one by scripts/engines/up cassandra",
            address()
        )
    })
}
