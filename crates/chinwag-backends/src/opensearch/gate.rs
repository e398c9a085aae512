//! Keeps callers from waiting, each in its turn, for an engine that is away: one at a time tries, the others fail at once.

use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use super::link::Away;

/// Lets everybody through while the engine answers, and one at a time while it doesn't.
#[derive(Debug, Default)]
pub(super) struct Gate {
    away: Mutex<Option<Away>>,
    somebody_tries: AtomicBool,
}

impl Gate {
    /// Asks the engine.
    pub(super) async fn pass<T>(
        &self,
        asking: impl Future<Output = Result<T, Away>>,
    ) -> Result<T, Away> {
        let _trial = self.enter()?;
        let answer = asking.await;
        *self.away.lock() = answer.as_ref().err().cloned();
        answer
    }

    fn enter(&self) -> Result<Option<Trial<'_>>, Away> {
        let away = self.away.lock();
        match &*away {
            None => Ok(None),
            Some(away) if self.somebody_tries.swap(true, Ordering::AcqRel) => Err(away.clone()),
            Some(_) => Ok(Some(Trial(&self.somebody_tries))),
        }
    }
}

/// One caller's trial, until it is dropped.
struct Trial<'a>(&'a AtomicBool);

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use futures_util::FutureExt as _;

    use super::*;

    fn away() -> Result<(), Away> {
        Err(Away("nobody answers".into()))
    }

    #[tokio::test]
    async fn while_the_engine_is_away_one_tries_and_the_others_fail_at_once() {
        let gate = Gate::default();
        gate.pass(ready(away())).await.unwrap_err();
        let mut trial = Box::pin(gate.pass(pending::<Result<(), Away>>()));
        assert_eq!((&mut trial).now_or_never(), None);
        for _ in 0..3 {
            assert_eq!(gate.pass(pending()).now_or_never(), Some(away()));
        }
        // Whoever tries may give up; then the next one does.
        drop(trial);
        gate.pass(ready(Ok(()))).await.unwrap();
        let mut one = Box::pin(gate.pass(pending::<Result<(), Away>>()));
        assert_eq!((&mut one).now_or_never(), None);
        assert_eq!(gate.pass(ready(Ok(()))).now_or_never(), Some(Ok(())));
    }
}
