//! A token that is made anew before it ends; who needs one meanwhile waits for the one who makes it.

use std::time::Duration;

use tokio::sync::Mutex;

/// How long a failure to make one holds for all: those who waited for it don't each fail once more.
const FAILED_FOR: Duration = Duration::from_secs(1);

/// A token and until when it serves, by a clock that never steps.
pub(crate) struct Fresh(Mutex<Held>);

enum Held {
    Nothing,
    Token(String, Duration),
    Failure(String, Duration),
}

impl Fresh {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Held::Nothing))
    }

    /// Returns the token, or makes one; `make` says for how long it serves. `now` is the time of that clock.
    pub(crate) async fn get(
        &self,
        now: Duration,
        make: impl Future<Output = Result<(String, Duration), String>>,
    ) -> Result<String, String> {
        let mut held = self.0.lock().await;
        match &*held {
            Held::Token(token, until) if now < *until => return Ok(token.clone()),
            Held::Failure(error, until) if now < *until => return Err(error.clone()),
            _ => {}
        }
        match make.await {
            Ok((token, serves_for)) => {
                *held = Held::Token(token.clone(), now + serves_for);
                Ok(token)
            }
            Err(error) => {
                *held = Held::Failure(error.clone(), now + FAILED_FOR);
                Err(error)
            }
        }
    }

    /// Forgets a token that was refused; another one, made meanwhile, stays.
    pub(crate) async fn forget(&self, refused: &str) {
        let mut held = self.0.lock().await;
        if matches!(&*held, Held::Token(token, _) if token == refused) {
            *held = Held::Nothing;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn get(fresh: &Fresh, now_ms: u64, made: Result<&str, &str>) -> Result<String, String> {
        let make = async {
            let token = made.map_err(str::to_owned)?;
            Ok((token.to_owned(), Duration::from_secs(10)))
        };
        fresh.get(Duration::from_millis(now_ms), make).await
    }

    #[tokio::test]
    async fn a_token_is_made_anew_when_it_ends_or_was_refused() {
        let fresh = Fresh::new();
        assert_eq!(get(&fresh, 0, Ok("one")).await.unwrap(), "one");
        assert_eq!(get(&fresh, 9_999, Ok("two")).await.unwrap(), "one");
        assert_eq!(get(&fresh, 10_000, Ok("three")).await.unwrap(), "three");
        fresh.forget("one").await;
        assert_eq!(get(&fresh, 11_000, Ok("four")).await.unwrap(), "three");
        fresh.forget("three").await;
        assert_eq!(get(&fresh, 11_000, Ok("five")).await.unwrap(), "five");
    }

    #[tokio::test]
    async fn a_failure_holds_for_those_who_waited_and_not_for_long() {
        let fresh = Fresh::new();
        assert!(get(&fresh, 0, Err("away")).await.is_err());
        assert_eq!(get(&fresh, 999, Ok("one")).await.unwrap_err(), "away");
        assert_eq!(get(&fresh, 1_000, Ok("two")).await.unwrap(), "two");
    }
}
