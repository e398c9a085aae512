//! What processes use while it counts.

use std::time::Duration;

use anyhow::Result;

use super::{Run, crew::Crew, process};
use crate::bench::{
    clock::now,
    faults::Faults,
    latency::Latency,
    plan::{Outcome, Start},
    report::{Figures, Generator, Memory, Usage, Work},
};

/// Processor time while it counted.
pub(super) struct Used {
    pub(super) seconds: f64,
    pub(super) server: Option<Duration>,
    pub(super) generator: Duration,
    pub(super) memory: Option<Memory>,
}

/// Measures from `start.measure` to `start.until`, beside the processes that send meanwhile.
pub(super) async fn measure(run: &Run<'_>, start: &Start, generators: &[u32]) -> Result<Used> {
    let memory = |pid: Option<u32>| pid.map(process::resident_bytes).transpose();
    let before_bytes = memory(run.site.pid)?;
    until(start.measure).await;
    let before = samples(run.site.pid, generators)?;
    let began = now();
    until(start.until).await;
    let after = samples(run.site.pid, generators)?;
    let after_bytes = memory(run.site.pid)?;
    let memory = before_bytes
        .zip(after_bytes)
        .map(|(before_bytes, after_bytes)| Memory {
            before_bytes,
            after_bytes,
            bytes_per_connection: None,
        });
    Ok(Used {
        seconds: Duration::from_nanos(now() - began).as_secs_f64(),
        server: after.0.zip(before.0).map(|(after, before)| after - before),
        generator: after.1 - before.1,
        memory,
    })
}

fn samples(server: Option<u32>, generators: &[u32]) -> Result<(Option<Duration>, Duration)> {
    let server = server.map(process::cpu).transpose()?;
    let mut all = Duration::ZERO;
    for pid in generators {
        all += process::cpu(*pid)?;
    }
    Ok((server, all))
}

/// Waits until a moment of the shared clock.
pub(super) async fn until(time: u64) {
    tokio::time::sleep(Duration::from_nanos(time.saturating_sub(now()))).await;
}

/// Lets the processes send, and measures meanwhile.
pub(super) async fn send(
    run: &Run<'_>,
    mut crew: Crew,
    starts: Vec<Start>,
    start: &Start,
) -> Result<(Used, Vec<Outcome>)> {
    let pids: Vec<u32> = crew.pids().collect();
    crew.begin(starts).await?;
    run.progress.restart();
    let (used, sent) = tokio::try_join!(measure(run, start, &pids), crew.sent(run.progress))?;
    let outcomes = crew.finish(sent).await?;
    Ok((used, outcomes))
}

/// Puts together what all processes measured.
pub(super) fn figures(
    unit: &'static str,
    used: &Used,
    outcomes: &[Outcome],
) -> Result<(Figures, Faults)> {
    let (mut ack, mut delivery, mut lag) = (Latency::new(), Latency::new(), Latency::new());
    let mut faults = Faults::default();
    for outcome in outcomes {
        ack.add(&outcome.ack)?;
        delivery.add(&outcome.delivery)?;
        lag.add(&outcome.lag)?;
        faults.merge(outcome.faults.clone());
    }
    let count = outcomes.iter().map(|outcome| outcome.completed).sum();
    let figures = Figures {
        seconds: used.seconds,
        work: Some(Work {
            unit,
            count,
            per_second: count as f64 / used.seconds,
        }),
        ack: ack.percentiles(),
        delivery: delivery.percentiles(),
        server: used
            .server
            .map(|cpu| Usage::of(cpu, used.seconds, Some(count))),
        memory: used.memory,
        generator: Generator {
            processes: outcomes.len(),
            usage: Usage::of(used.generator, used.seconds, Some(count)),
            lag: lag.percentiles(),
        },
        ..Figures::default()
    };
    Ok((figures, faults))
}
