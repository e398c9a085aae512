//! A test's own keyspace, removed with its end: each table costs Cassandra memory for as long as it is there.

use std::time::Duration;

use scylla::client::session_builder::SessionBuilder;

/// How long it may take; where the Cassandra was a test's own, it is gone by now.
const WITHIN: Duration = Duration::from_secs(20);

/// A keyspace that nobody needs any more when this is dropped.
pub(crate) struct Keyspace {
    pub(crate) cassandra: String,
    pub(crate) name: String,
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        let (cassandra, name) = (self.cassandra.clone(), self.name.clone());
        let removing = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            let removed = runtime
                .block_on(async { tokio::time::timeout(WITHIN, remove(&cassandra, &name)).await });
            if !matches!(removed, Ok(Ok(()))) {
                eprintln!("keyspace {name} stays: {removed:?}");
            }
        });
        let _ = removing.join();
    }
}

async fn remove(cassandra: &str, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    let session = SessionBuilder::new().known_node(cassandra).build().await?;
    let remove = format!("DROP KEYSPACE IF EXISTS {name}");
    session.query_unpaged(remove, ()).await?;
    Ok(())
}
