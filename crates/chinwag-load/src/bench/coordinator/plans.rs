//! Which process makes which part of the load.

use anyhow::{Result, bail};
use rustix::process::{Resource, getrlimit};

use super::Run;
use crate::{
    bench::{
        options::{self, Times},
        plan::{Pace, Plan, Start, Traffic},
    },
    clock::SECOND,
    site::Person,
};

/// Files that a process needs beside its connections.
const OTHER_FILES: u64 = 100;
/// How long what is on its way may take at the end of a run.
const PATIENCE: u64 = 20 * SECOND;
/// How long before they begin all processes know when that is.
const AHEAD: u64 = SECOND / 4;

/// Returns how many connections each process has, each a multiple of `step`.
pub(super) fn shares(connections: u32, processes: Option<u32>, step: u32) -> Result<Vec<u32>> {
    let most = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let each = most.saturating_sub(OTHER_FILES).max(1);
    let needed = u64::from(connections).div_ceil(each);
    let processes = u64::from(processes.unwrap_or(0)).max(needed);
    let steps = connections / step;
    if !connections.is_multiple_of(step) {
        bail!("{connections} connections can't be divided by {step}");
    }
    let processes = u32::try_from(processes)?.min(steps).max(1);
    let share = |index| (steps / processes + u32::from(index < steps % processes)) * step;
    Ok((0..processes).map(share).collect())
}

/// Makes the plan of each process; `traffic` is told how many connections come before, and how many it has.
pub(super) fn plans(
    run: &Run<'_>,
    shares: &[u32],
    people: &[Person],
    content_bytes: u32,
    traffic: impl Fn(u32, u32) -> Traffic,
) -> Vec<Plan> {
    let mut first = 0;
    let plan = |count: &u32| {
        let before = first;
        first += count;
        let people = people.iter().skip(before as usize).take(*count as usize);
        Plan {
            nodes: run.server.nodes.clone(),
            tokens: people.map(|person| person.token.clone()).collect(),
            count: *count as usize,
            first: before,
            traffic: traffic(before, *count),
            content_bytes: content_bytes as usize,
            patience_ns: PATIENCE,
        }
    };
    shares.iter().map(plan).collect()
}

/// Returns the pace of a process that has `share` of `all` senders.
pub(super) fn pace(pace: options::Pace, share: u32, all: u32) -> Pace {
    match pace.rate {
        Some(rate) => Pace::PerSecond(rate * f64::from(share) / f64::from(all)),
        None => Pace::InFlight(pace.in_flight),
    }
}

/// Returns when to begin, from when on to measure, and when to end.
pub(super) fn start(times: Times) -> Start {
    let nanos = |seconds: f64| (seconds * SECOND as f64) as u64;
    let begin = crate::clock::now() + AHEAD;
    let measure = begin + nanos(times.warm_up);
    Start {
        begin,
        measure,
        until: measure + nanos(times.duration),
        chats: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_connection_is_in_one_share_and_no_pair_is_cut() {
        assert_eq!(shares(100, None, 2).unwrap(), [100]);
        assert_eq!(shares(100, Some(3), 2).unwrap(), [34, 34, 32]);
        assert_eq!(shares(4, Some(9), 2).unwrap(), [2, 2]);
        assert_eq!(shares(5, Some(2), 1).unwrap(), [3, 2]);
        assert!(shares(5, None, 2).is_err());
    }
}
