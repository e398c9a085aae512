//! One try to tell one device.

use std::time::Duration;

use chinwag_core::{
    delivery::HasRead,
    model::DeviceRow,
    ports::{EngineResult, PushOutcome},
};
use chinwag_proto::DeviceId;

use super::{
    Push,
    lanes::{Errand, Key, What},
    senders::LaneKey,
    settings::{FIRST_RETRY, LONGEST_RETRY},
};

/// What came of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// The device was told.
    Told,
    /// There is nothing to tell it any more, or nobody who would.
    Over,
    /// It is to be tried again after a wait.
    Again(Duration),
}

/// A try, and whether the provider works, where that showed.
pub(super) struct Try {
    pub(super) tried: Tried,
    pub(super) works: Option<bool>,
}

impl Push {
    /// Tells a device, if that is still wanted.
    pub(super) async fn deliver(&self, key: &Key, errand: &Errand) -> Try {
        match self.try_once(key, errand).await {
            Ok(tried) => tried,
            Err(error) => {
                tracing::warn!(%error, "a note can't be written; tried again");
                Try {
                    tried: Tried::Again(wait(errand.attempts, 0)),
                    works: None,
                }
            }
        }
    }

    async fn try_once(&self, key: &Key, errand: &Errand) -> EngineResult<Try> {
        let over = Try {
            tried: Tried::Over,
            works: None,
        };
        let Some(note) = self.compose(key, errand).await? else {
            return Ok(over);
        };
        let kind = note.device.kind;
        let Some(sender) = self.ports.senders.get(kind) else {
            return Ok(over);
        };
        let outcomes = sender.send(std::slice::from_ref(&note)).await?;
        let outcome = outcomes.into_iter().next();
        let outcome = outcome.unwrap_or_else(|| PushOutcome::Refused("no answer".into()));
        let (tried, works, counted) = match outcome {
            PushOutcome::Sent => (Tried::Told, true, "sent"),
            PushOutcome::RetryAfter(wait_ms) => {
                let wait = wait(errand.attempts, wait_ms);
                (Tried::Again(wait), false, "retried")
            }
            PushOutcome::Gone(reason) => {
                self.forget(&note.device, &reason).await?;
                (Tried::Over, true, "gone")
            }
            PushOutcome::Refused(reason) => {
                if note.message.is_some() {
                    tracing::warn!(user = %key.user, device = %key.device, reason, "a note is refused");
                }
                (Tried::Over, true, "refused")
            }
        };
        self.counts.note(kind, counted);
        Ok(Try {
            tried,
            works: Some(works),
        })
    }

    /// Drops a device whose address is dead, unless it was registered anew meanwhile.
    async fn forget(&self, dead: &DeviceRow, reason: &str) -> EngineResult<()> {
        let devices = self.ports.accounts.devices(&dead.user).await?;
        if devices.contains(dead) {
            self.ports
                .accounts
                .remove_device(&dead.user, &dead.device)
                .await?;
            tracing::info!(user = %dead.user, device = %dead.device, reason, "a device is dropped: its address is dead");
        }
        Ok(())
    }

    /// Finds which devices are told that a chat was read: those where its note stands, but the one it was read on.
    pub(super) async fn clears(
        &self,
        read: &HasRead,
        standing: Vec<DeviceId>,
    ) -> EngineResult<Vec<(LaneKey, Key, Errand)>> {
        let sessions = match read.session {
            Some(_) => self.ports.presence.sessions(&read.user).await?,
            None => Vec::new(),
        };
        let of_reader = sessions
            .into_iter()
            .find(|session| Some(session.session) == read.session);
        let read_on = of_reader.and_then(|session| session.device);
        let mut devices = self.ports.accounts.devices(&read.user).await?;
        devices
            .retain(|row| standing.contains(&row.device) && Some(&row.device) != read_on.as_ref());
        let clear = Errand {
            what: What::Clear {
                through: read.through,
            },
            attempts: 0,
            expires_at: self.expires_at(self.ports.clock.now()),
            ticket: None,
        };
        Ok(self.errands(devices, read.chat, clear).collect())
    }
}

/// Returns how long to wait after so many tries: twice as long after each, half of it by chance, and as long as the
/// provider asks for.
fn wait(attempts: u32, asked_ms: u64) -> Duration {
    let longest = FIRST_RETRY
        .saturating_mul(1 << attempts.min(16))
        .min(LONGEST_RETRY);
    let wait = longest.mul_f64(rand::random_range(0.5..=1.0));
    wait.max(Duration::from_millis(asked_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_are_no_shorter_than_asked_for() {
        for attempts in 0..100 {
            let wait = wait(attempts, 0);
            assert!(wait >= FIRST_RETRY / 2 && wait <= LONGEST_RETRY, "{wait:?}");
        }
        assert!(wait(10, 0) >= LONGEST_RETRY / 2);
        assert_eq!(wait(0, 90_000), Duration::from_secs(90));
    }
}
