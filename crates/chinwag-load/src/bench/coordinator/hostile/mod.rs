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
    /// What is done, each beside a time in which nothing is.
    const DISTURBING: [Self; 3] = [Self::HalfOpen, Self::Stalled, Self::Watching];

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
        for disturbing in Meanwhile::DISTURBING {
            for meanwhile in [Meanwhile::Nothing, disturbing] {
                tokio::time::sleep(Duration::from_secs_f64(settings.rest)).await;
                all.push(measured(run, settings, meanwhile, &stalled, &watching).await?);
            }
        }
    }
    let used = in_all(&all);
    let (mut figures, faults) = figures::of_messages("messages", &used, &outcomes_of(&all))?;
    // How many are sent is what the settings say.
    figures.work = None;
    figures.beside = beside(&all)?;
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

fn outcomes_of<'a>(measured: impl IntoIterator<Item = &'a Measured>) -> Vec<Outcome> {
    let outcomes = measured.into_iter().map(|it| it.outcomes.clone());
    outcomes.flatten().collect()
}

/// Adds what was used; what the server used is told of each kind alone, since it lies between what others do to it.
fn in_all(all: &[Measured]) -> Used {
    Used {
        seconds: all.iter().map(|it| it.used.seconds).sum(),
        server: None,
        generator: all.iter().map(|it| it.used.generator).sum(),
        memory: None,
        generator_bytes: all
            .last()
            .map_or(0, |measured| measured.used.generator_bytes),
        others: Vec::new(),
        kernel: all.last().and_then(|it| it.used.kernel),
        usage: Vec::new(),
    }
}

/// Puts the times of each kind together, and beside those in which they were alone.
fn beside(all: &[Measured]) -> Result<Vec<Beside>> {
    let of = |meanwhile: Meanwhile| {
        let these = all.iter().filter(move |it| it.meanwhile == meanwhile);
        let outcomes = outcomes_of(these.clone());
        let ack = figures::times(&outcomes, |it| &it.ack)?;
        let delivery = figures::times(&outcomes, |it| &it.delivery)?;
        let times = ack.zip(delivery).context("nothing was sent")?;
        anyhow::Ok((these, times))
    };
    let (_, (ack_alone, delivery_alone)) = of(Meanwhile::Nothing)?;
    let kinds = [Meanwhile::Nothing].into_iter();
    let kinds = kinds.chain(Meanwhile::DISTURBING).map(|meanwhile| {
        let (these, (ack, delivery)) = of(meanwhile)?;
        let memory = these.clone().filter_map(|it| it.used.memory);
        Ok(Beside {
            name: meanwhile.name(),
            attempts: these.map(|it| it.attempts).sum(),
            peak_bytes: memory.map(|memory| memory.peak_bytes).max(),
            ack,
            ack_p50_ratio: ack.p50_ms / ack_alone.p50_ms,
            ack_p99_ratio: ack.p99_ms / ack_alone.p99_ms,
            delivery,
            delivery_p50_ratio: delivery.p50_ms / delivery_alone.p50_ms,
            delivery_p99_ratio: delivery.p99_ms / delivery_alone.p99_ms,
        })
    });
    kinds.collect()
}
