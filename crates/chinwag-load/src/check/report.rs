//! What a check found, and how much there was to check.

use std::fmt;

use serde::Serialize;

/// Holds the outcome of a check.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Lines read, malformed ones among them.
    pub lines: u64,
    /// What the history held.
    pub counts: Counts,
    /// Lines that couldn't be used, the first hundred.
    pub malformed: Vec<Malformed>,
    /// All lines that couldn't be used.
    pub malformed_total: u64,
    /// One verdict a rule, those with nothing to check among them.
    pub rules: Vec<Verdict>,
}

/// Counts what a history held, so that a check of nothing doesn't look like a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Chats named.
    pub chats: u64,
    /// Sessions named.
    pub sessions: u64,
    /// Different requests (retries of one count once).
    pub intents: u64,
    /// Requests that were acknowledged.
    pub acks: u64,
    /// Events seen live.
    pub live_events: u64,
    /// Answers with events.
    pub pages: u64,
    /// Events seen in answers.
    pub page_events: u64,
    /// Dumps that ended.
    pub dumps: u64,
    /// Marks seen.
    pub marks: u64,
    /// Unread counts seen.
    pub unread: u64,
    /// Presences seen.
    pub presence: u64,
    /// Typing seen.
    pub typing: u64,
    /// Quiet moments.
    pub quiets: u64,
    /// Times that a server was killed.
    pub kills: u64,
}

/// Names a line that couldn't be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Malformed {
    /// Its number, from 1.
    pub line: u64,
    /// Why.
    pub reason: String,
}

/// Holds what one rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The rule's name.
    pub rule: &'static str,
    /// Observations that the rule held against what must be.
    pub checked: u64,
    /// Observations that the rule couldn't judge, because the history doesn't tell enough.
    pub unchecked: u64,
    /// All violations.
    pub found: u64,
    /// The first hundred violations, with evidence.
    pub violations: Vec<Violation>,
}

/// Holds one broken promise and the lines that show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Violation {
    /// The rule's name.
    pub rule: &'static str,
    /// The chat concerned, if one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// What was promised and what was seen instead.
    pub text: String,
    /// The numbers of the lines that show it, from 1.
    pub evidence: Vec<u32>,
}

impl Report {
    /// Tells whether every line could be used and no rule found anything.
    ///
    /// A rule that had nothing to check doesn't fail a report: see [`Report::vacuous`].
    pub fn passed(&self) -> bool {
        self.malformed_total == 0 && self.rules.iter().all(|verdict| verdict.found == 0)
    }

    /// Names the rules that had nothing to check.
    pub fn vacuous(&self) -> Vec<&'static str> {
        let idle = self.rules.iter().filter(|verdict| verdict.checked == 0);
        idle.map(|verdict| verdict.rule).collect()
    }

    /// Gives all violations that are kept, rule by rule.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.rules.iter().flat_map(|verdict| &verdict.violations)
    }

    /// Gives one rule's verdict.
    pub fn verdict(&self, rule: &str) -> Option<&Verdict> {
        self.rules.iter().find(|verdict| verdict.rule == rule)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.counts;
        writeln!(
            out,
            "{} lines: {} chats, {} sessions, {} requests, {} acknowledged; {} events live, {} in \
             {} pages, {} dumps; {} marks, {} unread counts, {} presences, {} typing; {} quiet \
             moments, {} kills",
            self.lines,
            counts.chats,
            counts.sessions,
            counts.intents,
            counts.acks,
            counts.live_events,
            counts.page_events,
            counts.pages,
            counts.dumps,
            counts.marks,
            counts.unread,
            counts.presence,
            counts.typing,
            counts.quiets,
            counts.kills,
        )?;
        for malformed in &self.malformed {
            writeln!(
                out,
                "line {} can't be used: {}",
                malformed.line, malformed.reason
            )?;
        }
        if self.malformed_total > self.malformed.len() as u64 {
            writeln!(out, "{} lines in all can't be used", self.malformed_total)?;
        }
        self.rules
            .iter()
            .try_for_each(|verdict| write!(out, "{verdict}"))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (self.found, self.checked) {
            (0, 0) => "nothing to check",
            (0, _) => "ok",
            _ => "VIOLATED",
        };
        write!(out, "{:<20} {verdict}: {} checked", self.rule, self.checked)?;
        if self.unchecked > 0 {
            write!(out, ", {} could not be judged", self.unchecked)?;
        }
        if self.found > 0 {
            write!(out, ", {} violations", self.found)?;
        }
        writeln!(out)?;
        for violation in &self.violations {
            writeln!(out, "  {violation}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(chat) = &self.chat {
            write!(out, "chat {chat}: ")?;
        }
        let lines: Vec<_> = self.evidence.iter().map(u32::to_string).collect();
        write!(out, "{} (lines {})", self.text, lines.join(", "))
    }
}
