//! Once a second: silent sessions, tokens about to expire, presence to renew, sums of typing.

use std::{sync::Arc, time::Duration};

use chinwag_proto::{CloseCode, frames::ServerFrame};

use super::{Gateway, session::Session};

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
            let seconds = self.seconds();
            let mut beats = Vec::new();
            for session in self.registry.all() {
                self.look_at(&session, seconds);
                if session.touch_due(seconds, TOUCH_EVERY) {
                    beats.push(session.beat(self.settings.node));
                }
            }
            for beats in beats.chunks(BEATS) {
                if let Err(error) = self.ports.presence.touch(beats).await {
                    tracing::warn!(%error, "can't renew presence");
                }
            }
            self.flush_typing();
        }
    }

    fn look_at(&self, session: &Arc<Session>, seconds: u32) {
        let silent = session.silent_for(seconds);
        if silent >= CLOSE_AFTER {
            return session.close(CloseCode::HeartbeatMissed);
        }
        if silent >= PING_AFTER && session.ping_once() {
            session.connection().ping();
        }
        let expires_at = session.expires_at();
        let left = expires_at
            .unix_millis()
            .saturating_sub(self.ports.clock.now().unix_millis());
        if left <= 0 {
            session.close(CloseCode::TokenExpired);
        } else if left <= REAUTH_BEFORE_MS && session.warn_once() {
            session.send(&ServerFrame::Reauth { expires_at });
        }
    }
}
