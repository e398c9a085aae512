//! Once a second: silent sessions, tokens about to expire, presence to renew, sums of typing.

use std::{sync::Arc, time::Duration};

use chinwag_core::ports::SessionBeat;
use chinwag_proto::{CloseCode, Timestamp, frames::ServerFrame};

use super::{Gateway, bus_loop::resync, session::Session};

/// A session silent for so long is asked whether it is there, seconds.
const PING_AFTER: u32 = 24;
/// A session silent for so long is closed, seconds.
const CLOSE_AFTER: u32 = 45;
/// How often presence is renewed at most, seconds.
const TOUCH_EVERY: u32 = 15;
/// How long before its end a client is told to renew its token, milliseconds.
const REAUTH_BEFORE_MS: i64 = 60_000;
/// Leases renewed in one call.
const BEATS: usize = 1_000;

impl Gateway {
    pub(super) async fn sweep(&self) {
        let mut every_second = tokio::time::interval(Duration::from_secs(1));
        every_second.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every_second.tick().await;
            let (seconds, now) = (self.seconds(), self.ports.clock.now());
            let mut due = Vec::new();
            self.registry.for_each(|session| {
                look_at(session, seconds, now);
                if session.touch_due(seconds, TOUCH_EVERY) {
                    due.push(Arc::clone(session));
                }
            });
            self.touch(&due, seconds).await;
            self.flush_typing();
        }
    }

    /// Writes where sessions are, and that they live; returns whether all were. Whom nobody may have found for a while is
    /// told to fetch what was sent meanwhile.
    pub(super) async fn touch(&self, sessions: &[Arc<Session>], seconds: u32) -> bool {
        let (mut all, mut located) = (true, Vec::new());
        for sessions in sessions.chunks(BEATS) {
            let beats: Vec<SessionBeat> = sessions
                .iter()
                .map(|session| session.beat(self.settings.node))
                .collect();
            if let Err(error) = self.ports.presence.touch(&beats).await {
                tracing::warn!(%error, "can't renew presence");
                // Those behind would fail alike; they stay due.
                all = false;
                break;
            }
            let ended = self.seconds();
            let found = sessions
                .iter()
                .filter(|session| session.touched(seconds, ended));
            located.extend(found.map(|session| &**session));
        }
        resync(located.into_iter(), 0);
        all
    }
}

fn look_at(session: &Session, seconds: u32, now: Timestamp) {
    let silent = session.silent_for(seconds);
    if silent >= CLOSE_AFTER {
        return session.close(CloseCode::HeartbeatMissed);
    }
    if silent >= PING_AFTER && session.ping_once() {
        session.connection().ping();
    }
    let expires_at = session.expires_at();
    let left = expires_at.unix_millis().saturating_sub(now.unix_millis());
    if left <= 0 {
        session.close(CloseCode::TokenExpired);
    } else if left <= REAUTH_BEFORE_MS && session.warn_once() {
        session.send(&ServerFrame::Reauth { expires_at });
    }
}
