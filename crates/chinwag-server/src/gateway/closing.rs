//! What closes sessions: accounts that were disabled or revoked, on this node or any other.

use std::time::Duration;

use chinwag_core::model::UserRow;
use chinwag_proto::{CloseCode, SessionId, Timestamp, UserId};

use super::{Gateway, session::Session};

/// How often accounts are looked at for changes.
const ACCOUNTS_EVERY: Duration = Duration::from_secs(5);
/// How far each look reaches back, milliseconds: two rounds and the clocks' differences.
const REACH_BACK_MS: i64 = 12_000;
/// Users read at a time.
const CHANGED: usize = 1_000;
/// Pages read in one look: more have changed than a revocation ever concerns, such as in an import.
const PAGES: usize = 1_000;

/// Which of a user's sessions must close.
#[derive(Debug, Clone, Copy)]
pub(super) struct Which {
    pub(super) session: Option<SessionId>,
    pub(super) except: Option<SessionId>,
    pub(super) issued_before: Option<Timestamp>,
    pub(super) issued_at: Option<Timestamp>,
}

impl Which {
    fn concerns(&self, session: &Session) -> bool {
        self.session.is_none_or(|id| id == session.id)
            && self.except != Some(session.id)
            && self
                .issued_before
                .is_none_or(|before| session.issued_at() < before)
            && self
                .issued_at
                .is_none_or(|issued| session.issued_at() == issued)
    }
}

impl Gateway {
    /// Closes sessions of a user.
    pub(super) fn close_sessions(&self, user: &UserId, which: Which, code: CloseCode) {
        let sessions = self.registry.of(user);
        let concerned = sessions.iter().filter(|session| which.concerns(session));
        concerned.for_each(|session| session.close(code));
    }

    /// Closes the sessions of users who were disabled or revoked on any node, whatever the bus lost.
    pub(super) async fn watch_accounts(&self) {
        loop {
            tokio::time::sleep(ACCOUNTS_EVERY).await;
            if let Err(error) = self.look_at_accounts().await {
                tracing::warn!(%error, "can't see which accounts changed");
            }
        }
    }

    async fn look_at_accounts(&self) -> chinwag_core::ports::EngineResult<()> {
        let mut since = self.ports.clock.now().plus_millis(-REACH_BACK_MS);
        for _ in 0..PAGES {
            let accounts = &self.ports.accounts;
            let users = accounts.users_changed_since(since, CHANGED).await?;
            users.iter().for_each(|user| self.close_revoked(user));
            let Some(last) = users.iter().map(|user| user.changed_at).max() else {
                return Ok(());
            };
            if users.len() < CHANGED {
                return Ok(());
            }
            // Where a whole page changed in one millisecond, the next one is the next millisecond's.
            since = last.max(since.plus_millis(1));
        }
        Ok(())
    }

    fn close_revoked(&self, user: &UserRow) {
        for session in self.registry.of(&user.id) {
            let issued = session.issued_at();
            let revoked = user.revoked_before.is_some_and(|before| issued < before);
            let ended = user
                .ended_tokens
                .iter()
                .any(|token| token.issued_at == issued);
            if user.disabled || revoked || ended {
                session.close(CloseCode::Revoked);
            }
        }
    }
}
