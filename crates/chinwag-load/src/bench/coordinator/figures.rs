//! What all processes measured, put together.

use anyhow::Result;

use super::measuring::Used;
use crate::bench::{
    faults::Faults,
    latency::{Counts, Latency, Percentiles},
    plan::{Bytes, Outcome},
    report::{Figures, Generator, Part, Usage, Work},
    timeline::{self, Slice},
};

/// Returns what every run tells, and what should not have happened; `unit` is what is counted.
pub(super) fn of(
    unit: Option<&'static str>,
    used: &Used,
    outcomes: &[Outcome],
) -> Result<(Figures, Faults)> {
    let mut faults = Faults::default();
    outcomes
        .iter()
        .for_each(|outcome| faults.merge(outcome.faults.clone()));
    let count = outcomes.iter().map(|outcome| outcome.completed).sum();
    let counted = unit.map(|_| count);
    let bytes = bytes(outcomes);
    let figures = Figures {
        seconds: used.seconds,
        work: unit.map(|unit| Work {
            unit,
            count,
            per_second: count as f64 / used.seconds,
        }),
        server: used.server.map(|cpu| Usage::of(cpu, used.seconds, counted)),
        memory: used.memory,
        generator: Generator {
            processes: outcomes.len(),
            usage: Usage::of(used.generator, used.seconds, counted),
            resident_bytes: used.generator_bytes,
            lag: times(outcomes, |outcome| &outcome.lag)?,
            heartbeat_lag: times(outcomes, |outcome| &outcome.heartbeat_lag)?,
        },
        others: used.others.clone(),
        kernel: used.kernel,
        bytes: (bytes != Bytes::default()).then_some(bytes),
        usage: used.usage.clone(),
        ..Figures::default()
    };
    Ok((figures, faults))
}

/// Returns the same with what a run of messages tells beside it.
pub(super) fn of_messages(
    unit: &'static str,
    used: &Used,
    outcomes: &[Outcome],
) -> Result<(Figures, Faults)> {
    let (figures, faults) = of(Some(unit), used, outcomes)?;
    let delivery = merged(outcomes, |outcome| &outcome.delivery)?;
    let figures = Figures {
        ack: times(outcomes, |outcome| &outcome.ack)?,
        delivery: delivery.percentiles(),
        timeline: timeline::merged(outcomes.iter().map(|outcome| &outcome.timeline))?,
        curve: delivery.curve(),
        ..figures
    };
    Ok((figures, faults))
}

/// Returns how long one kind of delivery or answer took; none where nothing was due in the time that counts.
pub(super) fn deliveries(
    name: &'static str,
    outcomes: &[Outcome],
    seconds: f64,
) -> Result<Option<Part>> {
    let latency = merged(outcomes, |outcome| &outcome.delivery)?;
    let timeline = timeline::merged(outcomes.iter().map(|outcome| &outcome.timeline))?;
    Ok(part(name, &latency, timeline, seconds))
}

/// Returns how long one kind of acknowledgement took; none where nothing was due in the time that counts.
pub(super) fn acks(name: &'static str, outcomes: &[Outcome], seconds: f64) -> Result<Option<Part>> {
    let latency = merged(outcomes, |outcome| &outcome.ack)?;
    Ok(part(name, &latency, Vec::new(), seconds))
}

fn part(name: &'static str, latency: &Latency, timeline: Vec<Slice>, seconds: f64) -> Option<Part> {
    let times = latency.percentiles()?;
    Some(Part {
        name,
        per_second: times.count as f64 / seconds,
        times,
        timeline,
        curve: latency.curve(),
    })
}

/// Adds what all processes counted of one thing.
fn merged(outcomes: &[Outcome], of: impl Fn(&Outcome) -> &Counts) -> Result<Latency> {
    let mut all = Latency::new();
    for outcome in outcomes {
        all.add(of(outcome))?;
    }
    Ok(all)
}

/// Returns how long what all processes counted of one thing took; none where nothing was.
pub(super) fn times(
    outcomes: &[Outcome],
    of: impl Fn(&Outcome) -> &Counts,
) -> Result<Option<Percentiles>> {
    Ok(merged(outcomes, of)?.percentiles())
}

/// Adds what all processes read and wrote.
fn bytes(outcomes: &[Outcome]) -> Bytes {
    let all = outcomes.iter().map(|outcome| outcome.bytes);
    all.fold(Bytes::default(), |sum, bytes| Bytes {
        received: sum.received + bytes.received,
        sent: sum.sent + bytes.sent,
    })
}
