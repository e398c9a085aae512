//! Asking a server that may be busy.

use std::time::Duration;

use chinwag_client::ClientError;

/// How long it may tell to try again: generous, since the machine may be busy too.
const WITHIN: Duration = Duration::from_secs(60);

/// Asks again as long as the answer is to try again; fails where it is refused, or never answered.
///
/// What changes something is asked for under a `clientId`, or is the same when it is done twice.
pub(crate) async fn until_answered<T>(ask: impl AsyncFn() -> Result<T, ClientError>) -> T {
    let asking = async {
        loop {
            match ask().await {
                Ok(answer) => return answer,
                Err(ClientError::Refused(problem)) if problem.retryable => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    let answered = tokio::time::timeout(WITHIN, asking).await;
    answered.expect("an answer that isn't to try again")
}
