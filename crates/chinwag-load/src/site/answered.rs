//! Asking a server that may be busy, or away for a moment.

use std::time::Duration;

use chinwag_client::ClientError;
use chinwag_proto::ClientId;
use tokio::time::{Instant, sleep};

/// How long anything may take that a run needs before it begins.
const WITHIN: Duration = Duration::from_secs(60);
/// How long to wait before it is asked for again.
const AGAIN: Duration = Duration::from_millis(100);

/// Makes up the name of a request, under which it is done once however often it is asked for.
pub(crate) fn unique_request() -> ClientId {
    let name = format!("make-{:x}", rand::random::<u64>());
    ClientId::new(&name).expect("a name of a few letters")
}

/// Asks until there is an answer that isn't only for now; what changes something names a `clientId`, under which it is done
/// once.
pub(crate) async fn until_answered<F, T>(ask: impl Fn() -> F) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let until = Instant::now() + WITHIN;
    loop {
        let error = match ask().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let is_final = matches!(&error, ClientError::Refused(problem) if !problem.retryable);
        if is_final || Instant::now() >= until {
            return Err(error);
        }
        sleep(AGAIN).await;
    }
}
