//! A call of an engine that may be away for a moment.

use std::time::Duration;

use crate::ports::{EngineError, EngineResult};

/// How often a call is tried: with the pauses, some 25 s.
const TRIES: u32 = 8;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Calls again while the engine is away; everything that is moved may be written twice.
pub(super) async fn persistently<T, F: Future<Output = EngineResult<T>>>(
    call: impl Fn() -> F,
) -> EngineResult<T> {
    let mut pause = FIRST_PAUSE;
    for _ in 1..TRIES {
        match call().await {
            Err(EngineError::Unavailable(why)) => {
                tracing::warn!(why, "an engine is away; it is tried again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            done => return done,
        }
    }
    call().await
}
