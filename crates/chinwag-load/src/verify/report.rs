//! What came of a run: for a machine as JSON, for a person as text.

mod evidence;
mod text;

use std::{collections::BTreeMap, path::PathBuf};

use serde::Serialize;

pub(super) use evidence::evidence;

use super::{faults::Happened, line::Plant, options::Options, surprises::Surprised};
use crate::check;

/// Rules that every run has something to check for: without it nothing is proven.
const NEEDED: [&str; 12] = [
    "lost",
    "doubled",
    "shown-twice",
    "one-order",
    "ack-order",
    "same-content",
    "altered",
    "gap",
    "page",
    "visible",
    "read-mark",
    "unread",
];

/// What is to be thought of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Every promise that was looked at was kept.
    Kept,
    /// A promise was broken, or a user was told what nobody should be.
    Broken,
    /// Nothing was found, and too little was looked at to mean anything.
    Unproven,
}

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What is to be thought of it.
    pub verdict: Verdict,
    /// The program's version.
    pub version: &'static str,
    /// The run; none where a history was checked that was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
    /// Where the history is kept; none where it was thrown away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<PathBuf>,
    /// What the check found, rule by rule.
    pub check: check::report::Report,
    /// Rules that had nothing to check though each run must have.
    pub missing: Vec<&'static str>,
    /// The lines that violations name.
    pub evidence: BTreeMap<u32, String>,
}

/// A run.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// What was asked for.
    pub settings: Options,
    /// The server.
    pub url: String,
    /// How long it took, with its end.
    pub seconds: f64,
    /// Connections that devices had, one after another.
    pub connections: u64,
    /// Messages that were acknowledged.
    pub messages: u64,
    /// What went wrong, and how often.
    pub faults: Happened,
    /// Promises broken by the wire, as it was told to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planted: Option<Planted>,
    /// Requests over HTTP that were asked again, since the server said so or wasn't there.
    pub asked_again: u64,
    /// How long somebody waited at most until a change or a reading was answered, its repetitions included; milliseconds.
    pub longest_wait_ms: u64,
    /// What nobody expected: refusals, answers that didn't come.
    pub surprises: Surprised,
}

/// A promise that the wire broke.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Planted {
    /// Which.
    pub plant: Plant,
    /// How often.
    pub breaches: u64,
}

impl Report {
    /// Judges a run, or a history that was there.
    pub(super) fn of(check: check::report::Report, run: Option<Run>) -> Self {
        let vacuous = check.vacuous();
        let missing: Vec<_> = match run {
            Some(_) => NEEDED
                .into_iter()
                .filter(|rule| vacuous.contains(rule))
                .collect(),
            None => Vec::new(),
        };
        let surprised = run.as_ref().is_some_and(|run| run.surprises.count > 0);
        let verdict = if !check.passed() || surprised {
            Verdict::Broken
        } else if missing.is_empty() {
            Verdict::Kept
        } else {
            Verdict::Unproven
        };
        Self {
            verdict,
            version: env!("CARGO_PKG_VERSION"),
            run,
            history: None,
            check,
            missing,
            evidence: BTreeMap::new(),
        }
    }
}
