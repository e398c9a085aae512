//! The run of idle connections, among which some may talk.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{
    Run,
    crew::Crew,
    figures,
    measuring::send,
    people,
    plans::{plans, shares, start},
    process,
};
use crate::{
    bench::{
        options::{self, Times},
        plan::{Pace, Traffic},
        report::{Memory, Report},
    },
    site::Person,
};

/// Connections of a first round, so that what is made once a process isn't counted.
const WARM_UP_CONNECTIONS: u32 = 100;
/// How long after that round memory is read.
const WARM_UP_REST: Duration = Duration::from_secs(2);

pub(super) async fn run(run: &Run<'_>, settings: &options::Idle) -> Result<Report> {
    let pids = &run.server.pids;
    ensure!(
        !pids.is_empty(),
        "whose memory? give --server-pid of a server on this machine"
    );
    hold(run, WARM_UP_CONNECTIONS.min(settings.connections)).await?;
    tokio::time::sleep(WARM_UP_REST).await;
    let before_bytes = process::resident_bytes(pids)?;
    let crew = connect(run, settings).await?;
    let held = settings.hold;
    run.progress.say(format!("holding them for {held} s"));
    let start = start(Times {
        warm_up: 0.0,
        duration: held,
    });
    // That none was lost is certain once all processes have told what came of theirs.
    let (used, outcomes) = send(run, crew, &start).await?;
    let (mut figures, faults) = match settings.rate {
        Some(_) => figures::of_messages("messages", &used, &outcomes)?,
        None => figures::of(None, &used, &outcomes)?,
    };
    figures.memory = used.memory.map(|memory| {
        let growth = memory.after_bytes.saturating_sub(before_bytes) as f64;
        Memory {
            before_bytes,
            bytes_per_connection: Some(growth / f64::from(settings.connections)),
            ..memory
        }
    });
    Ok(Report::of(
        "idle",
        settings,
        run.server.target(),
        figures,
        faults,
    ))
}

/// Opens connections of users of their own.
pub(super) async fn hold(run: &Run<'_>, connections: u32) -> Result<Crew> {
    let shares = shares(connections, run.options.processes, 1)?;
    let people = run.server.tokens().people("bench", connections).await?;
    let plans = plans(run, &shares, &people, 0, |_, _| Traffic::Idle);
    Crew::connect(&plans, run.progress).await
}

/// Opens connections, second sessions among them, and makes the chats of those who talk.
async fn connect(run: &Run<'_>, settings: &options::Idle) -> Result<Crew> {
    let shares = shares(settings.connections, run.options.processes, 1)?;
    let seats = Seats::of(settings, &shares)?;
    let users = settings.connections - settings.second_sessions;
    let mut people = run.server.tokens().people("bench", users).await?;
    let seconds = seats.seconds.iter().map(|index| &people[*index]);
    let seconds: Vec<Person> = seconds.cloned().collect();
    people.extend(seconds);
    let rate = settings.rate.unwrap_or_default();
    let traffic = |before, _| match seats.pairs_from(before) {
        0 => Traffic::Idle,
        pairs => {
            let share = f64::from(pairs) / f64::from(settings.pairs);
            Traffic::Direct(Pace::PerSecond(rate * share))
        }
    };
    let plans = plans(run, &shares, &people, settings.content_bytes, traffic);
    let mut crew = Crew::connect(&plans, run.progress).await?;
    run.progress.say("chats are made");
    let mut chats = Vec::new();
    for (first, pairs) in &seats.talkers {
        let first = *first as usize;
        let talkers = &people[first..first + 2 * *pairs as usize];
        chats.push(people::direct_chats(run.server.url(), talkers).await?);
    }
    crew.assign(chats);
    Ok(crew)
}

/// Who talks, and who comes twice.
struct Seats {
    /// Of each process the number of its first connection, and how many pairs talk: its first connections, two and two.
    talkers: Vec<(u32, u32)>,
    /// The users who have the second sessions.
    seconds: Vec<usize>,
}

impl Seats {
    /// Shares pairs out evenly; the second sessions are those of the last users who don't talk.
    fn of(settings: &options::Idle, shares: &[u32]) -> Result<Self> {
        let pairs = settings.rate.map_or(0, |_| settings.pairs);
        let processes = shares.len() as u64;
        let up_to = |nth: u64| (u64::from(pairs) * nth / processes) as u32;
        let (mut talkers, mut first) = (Vec::new(), 0);
        for (nth, share) in (0..).zip(shares) {
            let pairs = up_to(nth + 1) - up_to(nth);
            ensure!(
                pairs * 2 <= *share,
                "{pairs} pairs among {share} connections of a process: more connections are needed"
            );
            talkers.push((first, pairs));
            first += share;
        }
        let talks = |user: u32| {
            let before = talkers.partition_point(|(first, _)| *first <= user);
            let (first, pairs) = talkers[before - 1];
            user - first < 2 * pairs
        };
        let count = settings.second_sessions;
        let users = settings.connections.saturating_sub(count);
        let idle = (0..users).rev().filter(|user| !talks(*user));
        let seconds: Vec<usize> = idle
            .take(count as usize)
            .map(|user| user as usize)
            .collect();
        ensure!(
            seconds.len() == count as usize,
            "{count} second sessions of {} users who don't talk",
            seconds.len()
        );
        Ok(Self { talkers, seconds })
    }

    /// Returns how many pairs the process has whose first connection that is.
    fn pairs_from(&self, first: u32) -> u32 {
        let process = self.talkers.iter().find(|(of, _)| *of == first);
        process.map_or(0, |(_, pairs)| *pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idle(connections: u32, second_sessions: u32, rate: Option<f64>) -> options::Idle {
        options::Idle {
            connections,
            second_sessions,
            rate,
            pairs: 5,
            content_bytes: 0,
            hold: 0.0,
        }
    }

    #[test]
    fn pairs_are_spread_and_whoever_comes_twice_does_not_talk() {
        let seats = Seats::of(&idle(20, 6, Some(1.0)), &[10, 10]).unwrap();
        assert_eq!(seats.talkers, [(0, 2), (10, 3)]);
        // Of 14 users, 0 to 3 and 10 to 13 talk.
        assert_eq!(seats.seconds, [9, 8, 7, 6, 5, 4]);
        assert_eq!((seats.pairs_from(0), seats.pairs_from(10)), (2, 3));
    }

    #[test]
    fn without_talk_anybody_may_come_twice_and_more_than_there_are_may_not() {
        let seats = Seats::of(&idle(10, 2, None), &[10]).unwrap();
        assert_eq!((seats.talkers, seats.seconds), (vec![(0, 0)], vec![7, 6]));
        assert!(Seats::of(&idle(10, 6, None), &[10]).is_err());
        assert!(Seats::of(&idle(9, 0, Some(1.0)), &[9]).is_err());
    }
}
