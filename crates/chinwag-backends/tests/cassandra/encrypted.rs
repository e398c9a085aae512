//! Cassandra over TLS: the one that all share speaks it to whoever asks.

use std::path::PathBuf;

use chinwag_backends::cassandra::{Cassandra, Options, Tls};
use chinwag_conformance::run;

use crate::{
    certificate::Certificate,
    keyspaces::{Keyspace, address, session},
};

/// Returns whom to trust: `scripts/engines/cassandra` makes it.
fn authorities() -> PathBuf {
    let usual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/engines");
    let engines = std::env::var_os("ENGINES_DIR").unwrap_or_else(|| usual.into());
    PathBuf::from(engines).join("cassandra/home/certificate.pem")
}

fn trusting(keyspace: &Keyspace, authorities: PathBuf) -> Options {
    Options {
        tls: Some(Tls { authorities }),
        ..keyspace.options()
    }
}

/// Counts the connections that are encrypted.
async fn encrypted() -> usize {
    let clients = "SELECT port FROM system_views.clients WHERE ssl_enabled = true ALLOW FILTERING";
    let rows = session().await.query_unpaged(clients, ()).await.unwrap();
    rows.into_rows_result().unwrap().rows_num()
}

#[test]
#[ignore = "needs a Cassandra: make conformance"]
fn every_connection_is_encrypted_where_authorities_are_named() {
    run(async {
        let keyspace = Keyspace::empty(&[]).await;
        let before = encrypted().await;
        let engine = Cassandra::open(&trusting(&keyspace, authorities())).await;
        let engine = engine.unwrap();
        assert!(encrypted().await > before);
        drop(engine);
    });
}

#[test]
#[ignore = "needs a Cassandra: make conformance"]
fn one_whom_nobody_that_is_trusted_vouches_for_is_not_spoken_to() {
    run(async {
        let keyspace = Keyspace::empty(&[]).await;
        let another = Certificate::of(address().split(':').next().unwrap());
        let opened = Cassandra::open(&trusting(&keyspace, another.path())).await;
        let told = opened.map(|_| ()).unwrap_err().to_string();
        assert!(told.contains("certificate"), "{told}");
    });
}
