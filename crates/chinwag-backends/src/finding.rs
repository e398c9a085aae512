//! What an examination finds: one thing that was looked at, how it is, and what to do about it.

use std::time::Duration;

use chinwag_core::Clock;
use chinwag_proto::Timestamp;
use serde::Serialize;

/// A clock may be off by so much: a node that is further off than that hands its chats over (rule I2).
const CLOCK_BOUND: Duration = Duration::from_secs(1);

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// As it must be.
    Ok,
    /// It works, and something may be lost or slow one day.
    Warning,
    /// It doesn't work.
    Error,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What it is a part of, such as `cassandra`.
    pub about: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found, for a person.
    pub found: String,
    /// What to do about it, where something is to be done and that isn't said already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    /// Finds something as it must be.
    pub fn ok(about: &'static str, found: impl Into<String>) -> Self {
        Self {
            about,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    /// Finds what works and may not one day.
    pub fn warning(
        about: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            about,
            verdict: Verdict::Warning,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    /// Finds what doesn't work.
    pub fn error(about: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            about,
            verdict: Verdict::Error,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    /// Takes an error that says itself what to do.
    pub fn failure(about: &'static str, error: impl std::fmt::Display) -> Self {
        Self {
            about,
            verdict: Verdict::Error,
            found: error.to_string(),
            advice: None,
        }
    }

    /// Returns it, worth no more than a warning.
    #[must_use]
    pub fn at_most_a_warning(mut self) -> Self {
        self.verdict = self.verdict.min(Verdict::Warning);
        self
    }
}

/// Compares an engine's clock with this machine's: asks for the engine's time, and allows for how long the answer took.
#[cfg(any(feature = "cassandra", feature = "redis"))]
pub(crate) async fn compare_clocks<E: std::fmt::Display>(
    about: &'static str,
    clock: &dyn Clock,
    asking: impl Future<Output = Result<Timestamp, E>>,
) -> Finding {
    let asked = clock.elapsed();
    let theirs = match asking.await {
        Ok(theirs) => theirs,
        Err(error) => {
            let found = format!("it doesn't tell its time: {error}");
            return Finding::warning(about, found, "compare the clocks by hand");
        }
    };
    judge_clocks(about, theirs, clock.now(), clock.elapsed() - asked)
}

fn judge_clocks(
    about: &'static str,
    theirs: Timestamp,
    ours: Timestamp,
    took: Duration,
) -> Finding {
    let ahead_ms = theirs.unix_millis() - ours.unix_millis();
    // It was read some time while the answer was on its way.
    let off = Duration::from_millis(ahead_ms.unsigned_abs()).saturating_sub(took);
    if off <= CLOCK_BOUND {
        return Finding::ok(about, "its clock and this machine's agree within a second");
    }
    let which = if ahead_ms > 0 { "ahead of" } else { "behind" };
    let found = format!("its clock is {off:.1?} {which} this machine's");
    Finding::warning(
        about,
        found,
        "let both be set by NTP (chrony, systemd-timesyncd)",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_by_more_than_a_second_is_told_unless_the_answer_took_as_long() {
        let judged = |theirs: i64, took_ms: u64| {
            let at = Timestamp::from_unix_millis;
            let took = Duration::from_millis(took_ms);
            judge_clocks("x", at(theirs), at(100_000), took)
        };
        assert_eq!(judged(101_000, 0).verdict, Verdict::Ok);
        assert_eq!(judged(98_500, 600).verdict, Verdict::Ok);
        let ahead = judged(400_000, 10);
        assert_eq!(ahead.verdict, Verdict::Warning);
        assert!(ahead.found.contains("ahead of"), "{ahead:?}");
        assert!(judged(98_000, 10).found.contains("behind"));
    }
}
