//! Accepting connections, also when file descriptors run out.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep};
use tracing::warn;

const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
const LOG_INTERVAL: Duration = Duration::from_secs(1);

/// Accepts connections for as long as the process lives.
///
/// Without file descriptors `accept` fails at once and again: it pauses then, up to a
/// second, says so once a second at most, and goes on when there are some.
#[derive(Debug)]
pub struct Acceptor {
    listener: TcpListener,
    backoff: Backoff,
}

impl Acceptor {
    /// Creates an acceptor on a listener.
    pub fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            backoff: Backoff::default(),
        }
    }

    /// Waits for the next connection. May be dropped and called again.
    pub async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => {
                    self.backoff.pause = Duration::ZERO;
                    return accepted;
                }
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    if let Some(failures) = self.backoff.fail(Instant::now()) {
                        warn!(%error, failures, "cannot accept connections");
                    }
                    sleep(self.backoff.pause).await;
                }
            }
        }
    }

    /// Tells the address that is listened on.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Tells whether only the connection failed that was to be accepted; the next may be good.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

#[derive(Debug, Default)]
struct Backoff {
    pause: Duration,
    last_logged: Option<Instant>,
    /// Failures since the last line of the log.
    unlogged: u64,
}

impl Backoff {
    /// Lengthens the pause, and tells the failures to log when a line is due.
    fn fail(&mut self, now: Instant) -> Option<u64> {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.unlogged += 1;
        let due = self
            .last_logged
            .is_none_or(|logged| now.duration_since(logged) >= LOG_INTERVAL);
        if !due {
            return None;
        }
        self.last_logged = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_lines_are_a_second_apart() {
        let start = Instant::now();
        let mut now = start;
        let mut backoff = Backoff::default();
        let mut lines = Vec::new();
        let mut failures = 0;
        while now - start < Duration::from_secs(60) {
            failures += 1;
            if let Some(logged) = backoff.fail(now) {
                lines.push((now, logged));
            }
            assert!(backoff.pause >= FIRST_PAUSE && backoff.pause <= LONGEST_PAUSE);
            now += backoff.pause;
        }
        assert!(failures < 70, "{failures} attempts in a minute");
        assert!(lines.is_sorted_by(|(a, _), (b, _)| *b - *a >= LOG_INTERVAL));
        assert!(lines.len() > 30);
        let logged: u64 = lines.iter().map(|(_, logged)| logged).sum();
        assert_eq!(logged + backoff.unlogged, failures);
    }
}
