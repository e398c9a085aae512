//! The leaving of a node: its clients are told when to come back, and what is in flight ends.

use std::{sync::Arc, time::Duration};

use chinwag_proto::{CloseCode, frames::ServerFrame};

use super::{Gateway, session::Session};

/// Clients that come back in a second: what the nodes that stay can take beside all else.
const RETURNS_A_SECOND: u64 = 2_000;
/// Within how long at most they come back, milliseconds.
const WITHIN_AT_MOST_MS: u64 = 30_000;
/// How long at least before one comes back, milliseconds.
const AFTER_AT_LEAST_MS: u64 = 500;
/// How often it is looked for sessions that have nothing in flight.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long a session may have something in flight: the owner's own bound, and a little.
const IN_FLIGHT_AT_MOST: Duration = Duration::from_millis(2_500);

impl Gateway {
    /// Takes no new sessions, tells every client when to come back (spread over seconds), and closes each session as
    /// soon as nothing of it is in flight; ends within 3 s.
    pub async fn drain(&self) {
        self.draining.cancel();
        let mut sessions = self.registry.all();
        let count = u64::try_from(sessions.len()).unwrap_or(u64::MAX);
        let within = (count.saturating_mul(1_000) / RETURNS_A_SECOND).min(WITHIN_AT_MOST_MS);
        for session in &sessions {
            let after_ms = AFTER_AT_LEAST_MS + rand::random_range(0..=within);
            session.send(&ServerFrame::Drain { after_ms });
        }
        let deadline = tokio::time::Instant::now() + IN_FLIGHT_AT_MOST;
        loop {
            let is_over = tokio::time::Instant::now() >= deadline;
            sessions.retain(|session| !close_if(session, is_over));
            if sessions.is_empty() {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Closes a session that has nothing in flight, or in any case; returns whether it did.
fn close_if(session: &Arc<Session>, in_any_case: bool) -> bool {
    let closes = in_any_case || session.is_idle() || session.connection().closed().is_some();
    if closes {
        session.close(CloseCode::Draining);
    }
    closes
}
