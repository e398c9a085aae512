//! What the engine's refusals mean to a caller.

use chinwag_core::ports::EngineError;
use serde::Deserialize;

/// A document is there in a version at least as new.
const CONFLICT: &str = "version_conflict_engine_exception";
const NO_INDEX: &str = "index_not_found_exception";
const NO_ALIAS: &str = "aliases_not_found_exception";
const IS_THERE: &str = "resource_already_exists_exception";
const BLOCKED: &str = "cluster_block_exception";
/// The number of the block that an index gets when its node's disk is nearly full.
const DISK_BLOCK: &str = "/12/";

/// Why something is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) cause: Cause,
}

/// A cause as the engine tells it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(super) struct Cause {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) reason: String,
}

#[derive(Deserialize)]
struct Told {
    error: Error,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Error {
    Caused {
        /// What the shards say, where the cause itself says only that all failed.
        #[serde(default)]
        root_cause: Vec<Cause>,
        #[serde(flatten)]
        cause: Cause,
    },
    Text(String),
}

impl Refusal {
    /// Reads it from an answer; what stands before the engine answers in its own words.
    pub(super) fn read(status: u16, body: &[u8]) -> Self {
        let cause = match serde_json::from_slice::<Told>(body).map(|told| told.error) {
            Ok(Error::Caused { root_cause, cause }) => {
                root_cause.into_iter().next().unwrap_or(cause)
            }
            Ok(Error::Text(reason)) => Cause {
                reason,
                ..Cause::default()
            },
            Err(_) => Cause::default(),
        };
        Self { status, cause }
    }

    /// Returns whether what is written is there already, or was changed meanwhile.
    pub(super) fn is_conflict(&self) -> bool {
        self.cause.kind == CONFLICT
    }

    /// Returns whether there is no such index or alias.
    pub(super) fn is_missing(&self) -> bool {
        [NO_INDEX, NO_ALIAS].contains(&self.cause.kind.as_str())
    }

    /// Returns whether a search may have met an index that was removed at that moment, because another took its place:
    /// its name leads nowhere, or its shards are closed.
    pub(super) fn may_be_exchanged(&self) -> bool {
        self.is_missing() || self.status == 503
    }

    /// Returns whether what is made is there already.
    pub(super) fn is_there_already(&self) -> bool {
        self.cause.kind == IS_THERE
    }

    /// Returns what it means to one who tried something.
    pub(super) fn meaning(&self, what: &str) -> EngineError {
        let Self {
            status,
            cause: Cause { kind, reason },
        } = self;
        let told = format!("opensearch: {what}: {status} {kind} {reason}");
        let told = told.trim_end().to_owned();
        match status {
            _ if kind == BLOCKED && reason.contains(DISK_BLOCK) => EngineError::Full(told),
            // It doesn't understand us: asking again won't help.
            400 | 405 | 406 | 411..=415 => EngineError::Damaged(told),
            401 | 403 => {
                EngineError::Unavailable(format!("{told} (has the user the right to do it?)"))
            }
            _ => EngineError::Unavailable(told),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_from_an_engine_that_is_away() {
        let body = br#"{"error":{"type":"cluster_block_exception","reason":"index [i] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]"},"status":429}"#;
        let meaning = Refusal::read(429, body).meaning("write");
        assert!(matches!(meaning, EngineError::Full(_)), "{meaning}");
        let body = br#"{"error":{"type":"cluster_block_exception","reason":"blocked by: [SERVICE_UNAVAILABLE/1/state not recovered]"},"status":503}"#;
        let meaning = Refusal::read(503, body).meaning("write");
        assert!(matches!(meaning, EngineError::Unavailable(_)), "{meaning}");
    }

    #[test]
    fn what_a_shard_says_is_told() {
        let body = br#"{"error":{"root_cause":[{"type":"too_many_nested_clauses","reason":"at most 1024"}],"type":"search_phase_execution_exception","reason":"all shards failed"},"status":500}"#;
        let meaning = Refusal::read(500, body).meaning("search").to_string();
        assert!(meaning.contains("at most 1024"), "{meaning}");
    }

    #[test]
    fn whatever_stands_before_the_engine_may_refuse_in_its_own_words() {
        for body in [&b"<html>502</html>"[..], b"", b"{\"error\":\"no handler\"}"] {
            let meaning = Refusal::read(502, body).meaning("search");
            assert!(meaning.to_string().contains("502"), "{meaning}");
            assert!(matches!(meaning, EngineError::Unavailable(_)), "{meaning}");
        }
    }
}
