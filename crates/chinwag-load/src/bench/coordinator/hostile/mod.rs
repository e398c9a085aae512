//! The run in which some do what they can to disturb the others, and what those feel of it.

mod attack;
mod half_open;
mod stalled;
mod watching;

use std::time::Duration;

use anyhow::{Context as _, Result};

use self::{attack::Attack, stalled::Stalled, watching::Watching};
use super::{Run, direct, figures, measuring::Used, measuring::send, plans::start};
use crate::bench::{
    latency::Percentiles,
    options::{self, Pace},
    plan::Outcome,
    report::{Beside, Report},
};

/// What is done to the server meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    HalfOpen,
    Stalled,
    Watching,
}

impl Meanwhile {
    /// In the order of a round; each stands beside a time in which nothing is done.
    const ROUND: [Self; 6] = [
        Self::Nothing,
        Self::HalfOpen,
        Self::Nothing,
        Self::Stalled,
        Self::Nothing,
        Self::Watching,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Nothing => "alone",
            Self::HalfOpen => "beside half-open ones",
            Self::Stalled => "beside stalled readers",
            Self::Watching => "beside watchers",
        }
    }
}

/// What was measured once.
struct Measured {
    meanwhile: Meanwhile,
    used: Used,
    outcomes: Vec<Outcome>,
    /// What those who disturb got done.
    attempts: u64,
}

pub(super) async fn run(run: &Run<'_>, settings: &options::Hostile) -> Result<Report> {
    let stalled = Stalled::prepare(run, settings.stalled).await?;
    let watching = Watching::prepare(run, settings.watched).await?;
    let mut all = Vec::new();
    for _ in 0..settings.rounds {
        for meanwhile in Meanwhile::ROUND {
            tokio::time::sleep(Duration::from_secs_f64(settings.rest)).await;
            all.push(measured(run, settings, meanwhile, &stalled, &watching).await?);
        }
    }
    let outcomes: Vec<Outcome> = all.iter().flat_map(|it| it.outcomes.clone()).collect();
    let last = all.last().context("nothing was measured")?;
    let (mut figures, faults) = figures::of_messages("messages", &last.used, &outcomes)?;
    // The whole is of several times with pauses between them.
    figures.seconds = all.iter().map(|it| it.used.seconds).sum();
    figures.beside = beside(&all)?;
    (figures.server, figures.memory, figures.work) = (None, None, None);
    figures.usage.clear();
    let target = run.server.target();
    Ok(Report::of("hostile", settings, target, figures, faults))
}

async fn measured(
    run: &Run<'_>,
    settings: &options::Hostile,
    meanwhile: Meanwhile,
    stalled: &Stalled,
    watching: &Watching,
) -> Result<Measured> {
    let pace = Pace {
        in_flight: 1,
        rate: Some(settings.rate),
    };
    let crew = direct::connect(run, settings.connections, pace, settings.content_bytes).await?;
    run.progress.say(meanwhile.name());
    let mut attack = match meanwhile {
        Meanwhile::Nothing => Attack::default(),
        Meanwhile::HalfOpen => half_open::begin(run, settings.half_open),
        Meanwhile::Stalled => stalled.begin(run),
        Meanwhile::Watching => watching.begin(run),
    };
    attack.in_force().await?;
    let (used, outcomes) = send(run, crew, &start(settings.times)).await?;
    Ok(Measured {
        meanwhile,
        used,
        outcomes,
        attempts: attack.end(),
    })
}

/// Puts the times of each kind together, and beside those in which they were alone.
fn beside(all: &[Measured]) -> Result<Vec<Beside>> {
    let mut found = Vec::new();
    let mut alone: Option<[Percentiles; 2]> = None;
    for meanwhile in Meanwhile::ROUND {
        if found.iter().any(|it: &Beside| it.name == meanwhile.name()) {
            continue;
        }
        let these: Vec<&Measured> = all.iter().filter(|it| it.meanwhile == meanwhile).collect();
        let outcomes: Vec<Outcome> = these.iter().flat_map(|it| it.outcomes.clone()).collect();
        let (of_these, _) = figures::of_messages("messages", &these[0].used, &outcomes)?;
        let times = of_these.ack.zip(of_these.delivery);
        let (ack, delivery) = times.context("nothing was sent")?;
        let [ack_alone, delivery_alone] = *alone.get_or_insert([ack, delivery]);
        let peaks = these.iter().filter_map(|it| it.used.memory);
        found.push(Beside {
            name: meanwhile.name(),
            attempts: these.iter().map(|it| it.attempts).sum(),
            peak_bytes: peaks.map(|memory| memory.peak_bytes).max(),
            ack,
            ack_p50_ratio: ack.p50_ms / ack_alone.p50_ms,
            ack_p99_ratio: ack.p99_ms / ack_alone.p99_ms,
            delivery,
            delivery_p50_ratio: delivery.p50_ms / delivery_alone.p50_ms,
            delivery_p99_ratio: delivery.p99_ms / delivery_alone.p99_ms,
        });
    }
    Ok(found)
}
