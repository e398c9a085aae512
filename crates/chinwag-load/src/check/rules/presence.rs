//! Presence is gone within its time after the last sign of life, and not before.

use std::collections::{BTreeSet, HashMap};

use super::Finder;
use crate::check::Settings;
use crate::check::history::ServerState;
use crate::check::index::Index;
use crate::check::index::tables::{Step, StepKind};
use crate::check::report::Verdict;

/// Holds what is known of a user's sessions.
#[derive(Default)]
struct Life {
    open: HashMap<u32, u64>,
    /// By when the user is offline, if no session is open.
    gone_by: u64,
    /// The line of the last session's end.
    line: u32,
}

struct Walk<'a> {
    index: &'a Index,
    finder: Finder<'a>,
    settings: &'a Settings,
    lives: HashMap<u32, Life>,
    /// What each watching session was told last: online or not, and on which line.
    told: HashMap<(u32, u32), (bool, u32)>,
    watchers: HashMap<u32, BTreeSet<u32>>,
    watching: HashMap<u32, Vec<u32>>,
    /// Users that must be offline by a time.
    due: BTreeSet<(u64, u32)>,
    /// When a server was last killed, stopped or restored.
    disturbed_at: Option<u64>,
    /// When each user's sessions begin, in order of time.
    openings: HashMap<u32, Vec<u64>>,
}

pub(super) fn check(index: &Index, settings: &Settings) -> Verdict {
    let mut walk = Walk {
        index,
        finder: Finder::new(index, "presence"),
        settings,
        lives: HashMap::new(),
        told: HashMap::new(),
        watchers: HashMap::new(),
        watching: HashMap::new(),
        due: BTreeSet::new(),
        disturbed_at: None,
        openings: openings(index),
    };
    for step in &index.steps {
        walk.come_due(step.at);
        walk.take(step);
    }
    walk.come_due(index.last_at);
    walk.finder.verdict
}

impl Walk<'_> {
    fn take(&mut self, step: &Step) {
        let user = self.index.user_of(step.session);
        match step.what {
            StepKind::Open => {
                let life = self.lives.entry(user).or_default();
                life.open.insert(step.session, step.at);
                self.due.remove(&(life.gone_by, user));
            }
            StepKind::Close { clean } => self.close(step, user, clean),
            StepKind::Watch {
                user: watched,
                on: true,
            } => {
                self.watchers
                    .entry(watched)
                    .or_default()
                    .insert(step.session);
                self.watching.entry(step.session).or_default().push(watched);
            }
            StepKind::Watch {
                user: watched,
                on: false,
            } => self.forget(watched, step.session),
            StepKind::Presence {
                user: seen,
                online,
                asked,
            } => {
                self.judge(step, seen, online, asked);
                self.told.insert((seen, step.session), (online, step.line));
            }
            StepKind::Server(ServerState::Started) | StepKind::Quiet => {}
            StepKind::Server(_) => self.disturbed_at = Some(step.at),
        }
    }

    fn close(&mut self, step: &Step, user: u32, clean: bool) {
        let Settings {
            presence_ttl_ms,
            heartbeat_ms,
            grace_ms,
            settle_ms,
        } = *self.settings;
        let lease_ms = if clean {
            grace_ms
        } else {
            presence_ttl_ms + heartbeat_ms
        };
        let life = self.lives.entry(user).or_default();
        life.open.remove(&step.session);
        life.line = step.line;
        life.gone_by = life
            .gone_by
            .max(step.at + (lease_ms + settle_ms) * 1_000_000);
        if life.open.is_empty() {
            self.due.insert((life.gone_by, user));
        }
        // A session that ended watches nobody.
        for watched in self.watching.remove(&step.session).unwrap_or_default() {
            self.forget(watched, step.session);
        }
    }

    fn forget(&mut self, watched: u32, session: u32) {
        if let Some(watchers) = self.watchers.get_mut(&watched) {
            watchers.remove(&session);
        }
        self.told.remove(&(watched, session));
    }

    /// Holds every watcher's last news of a user against the time that has come.
    fn come_due(&mut self, now: u64) {
        while let Some((gone_by, user)) = self
            .due
            .first()
            .copied()
            .filter(|(gone_by, _)| *gone_by < now)
        {
            self.due.pop_first();
            if self.was_disturbed(gone_by) {
                self.finder.unchecked();
                continue;
            }
            let closed = self.lives.get(&user).map_or(0, |life| life.line);
            for watcher in self.watchers.get(&user).into_iter().flatten() {
                let Some((online, line)) = self.told.get(&(user, *watcher)) else {
                    continue;
                };
                self.finder.checked();
                if *online {
                    let name = self.index.user_name(user);
                    self.finder.found(None, &[closed, *line], || {
                        format!("{name} was still shown as online after the time of their presence")
                    });
                }
            }
        }
    }

    fn judge(&mut self, step: &Step, user: u32, online: bool, asked: Option<u64>) {
        let Some(life) = self.lives.get(&user) else {
            return self.finder.unchecked();
        };
        let since = asked.unwrap_or(step.at);
        if self.was_disturbed(step.at) {
            return self.finder.unchecked();
        }
        self.finder.checked();
        let name = self.index.user_name(user);
        let settle = (self.settings.heartbeat_ms + self.settings.settle_ms) * 1_000_000;
        let settled = life
            .open
            .values()
            .min()
            .is_some_and(|opened| opened + settle < since);
        let is_gone = life.open.is_empty() && since > life.gone_by;
        if online && is_gone && !self.comes_back(user, step.at) {
            self.finder.found(None, &[life.line, step.line], || {
                format!("{name} was shown as online after the time of their presence")
            });
        } else if !online && settled {
            self.finder.found(None, &[step.line], || {
                format!("{name} was shown as offline while a session was open")
            });
        }
    }

    /// Tells whether a user comes back at once: others may be told before the user's own session is.
    fn comes_back(&self, user: u32, at: u64) -> bool {
        let settled = at.saturating_add(self.settings.settle_ms * 1_000_000);
        let openings = self.openings.get(&user).map_or(&[][..], Vec::as_slice);
        let next = openings.partition_point(|opening| *opening < at);
        openings
            .get(next)
            .is_some_and(|opening| *opening <= settled)
    }

    /// Tells whether a server went away too shortly before for presence to have settled.
    fn was_disturbed(&self, at: u64) -> bool {
        let Settings {
            presence_ttl_ms,
            heartbeat_ms,
            settle_ms,
            ..
        } = *self.settings;
        let settled_ns = (presence_ttl_ms + heartbeat_ms + settle_ms) * 1_000_000;
        self.disturbed_at
            .is_some_and(|disturbed| disturbed + 2 * settled_ns > at)
    }
}

fn openings(index: &Index) -> HashMap<u32, Vec<u64>> {
    let mut openings: HashMap<u32, Vec<u64>> = HashMap::new();
    for step in &index.steps {
        if matches!(step.what, StepKind::Open) {
            let user = index.user_of(step.session);
            openings.entry(user).or_default().push(step.at);
        }
    }
    openings
}
