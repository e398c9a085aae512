//! A bound for what is read: an engine that has just come back, or is overloaded, answers each question late, and many
//! of them one after the other would look like a server that hangs.

use std::time::Duration;

use chinwag_proto::{ErrorCode, Problem};
use tokio::time::{Instant, timeout_at};

/// How long a read may take, however many questions to engines it is made of. One question ends after 2 s.
const WITHIN: Duration = Duration::from_secs(4);

/// Returns when a read that begins now must be over.
pub(crate) fn due() -> Instant {
    Instant::now() + WITHIN
}

/// Waits for a read; `unavailable` where it isn't over by then.
pub(crate) async fn by<T>(
    due: Instant,
    read: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    timeout_at(due, read).await.unwrap_or_else(|_| {
        let detail = "a part of the server is too slow to answer now; try again";
        Err(Problem::new(ErrorCode::Unavailable, detail).retry_after(1_000))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_read_that_takes_too_long_is_to_be_repeated() {
        let began = Instant::now();
        let slow = by(due(), async {
            tokio::time::sleep(2 * WITHIN).await;
            Ok(())
        });
        let problem = slow.await.unwrap_err();
        assert!(problem.retryable);
        assert_eq!((problem.status, began.elapsed()), (503, WITHIN));
        assert_eq!(by(due(), async { Ok(1) }).await, Ok(1));
    }
}
