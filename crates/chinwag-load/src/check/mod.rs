//! The checker of histories: records of what clients did and saw in, broken promises with
//! evidence out.
//!
//! It knows the public protocol's guarantees and nothing of the server. `docs/history-format.md`
//! describes the format and how to record so that the verdicts mean something.

pub mod history;
mod index;
pub mod read;
pub mod record;
pub mod report;
mod rules;
#[cfg(test)]
mod tests;
pub mod value;
pub mod wire;

use history::Record;
use index::load::Loader;
use read::LineError;
use report::{Malformed, Report};

/// Malformed lines that a report names; the rest are only counted.
const MAX_MALFORMED: usize = 100;

/// Holds the times that the promises name, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long presence lives after the last sign of life.
    pub presence_ttl_ms: u64,
    /// How often a session gives one.
    pub heartbeat_ms: u64,
    /// How long presence lives after a clean close.
    pub grace_ms: u64,
    /// How long something may be under way to a live session.
    pub settle_ms: u64,
}

impl Settings {
    /// Returns those of several nodes, which hear of each other's users every few seconds.
    #[must_use]
    pub fn of_nodes() -> Self {
        Self {
            settle_ms: 7_000,
            ..Self::default()
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            presence_ttl_ms: 30_000,
            heartbeat_ms: 20_000,
            grace_ms: 5_000,
            settle_ms: 2_000,
        }
    }
}

/// Checks a history against every rule, with the protocol's own times.
pub fn check(records: impl Iterator<Item = Result<Record, LineError>>) -> Report {
    check_with(records, &Settings::default())
}

/// Checks a history against every rule.
///
/// The n-th item is line n. A line that can't be used is named and left out; the rest is checked.
pub fn check_with(
    records: impl Iterator<Item = Result<Record, LineError>>,
    settings: &Settings,
) -> Report {
    let mut report = Report::default();
    let mut loader = Loader::default();
    for record in records {
        report.lines += 1;
        let taken = match record {
            Ok(record) => loader.push(Some(record)).map_err(str::to_owned),
            Err(error) => loader
                .push(None)
                .map_err(str::to_owned)
                .and(Err(error.to_string())),
        };
        if let Err(reason) = taken {
            report.malformed_total += 1;
            if report.malformed.len() < MAX_MALFORMED {
                report.malformed.push(Malformed {
                    line: report.lines,
                    reason,
                });
            }
        }
    }
    let index = loader.finish();
    report.counts = index.counts;
    report.rules = rules::RULES
        .iter()
        .map(|rule| rule(&index, settings))
        .collect();
    report
}
