//! A server on a directory that another one had just before.

use std::time::Duration;

use chinwag_server::{Server, config::Config};

/// How long one that was stopped may hold it.
const PATIENCE: Duration = Duration::from_secs(5);
const RETRY: Duration = Duration::from_millis(10);

/// Starts a server, once nobody else has its directory.
pub(crate) async fn started(settings: &[(&str, &str)]) -> Server {
    let starting = async {
        loop {
            match Server::start(Config::of(settings).unwrap()).await {
                // A read that nobody waits for any more holds the directory for a moment.
                Err(error) if error.is_locked() => tokio::time::sleep(RETRY).await,
                started => return started.unwrap(),
            }
        }
    };
    let started = tokio::time::timeout(PATIENCE, starting).await;
    started.expect("a server that was stopped lets its directory go")
}
