//! What processes use while it counts.

use std::time::Duration;

use anyhow::Result;

use super::{Run, crew::Crew, kernel, process};
use crate::{
    bench::{
        faults::Faults,
        latency::Latency,
        plan::{Bytes, Outcome, Start},
        report::{Figures, Generator, KernelGrowth, Memory, Moment, Usage, Work},
        timeline,
    },
    clock::{MILLISECOND, SECOND, now},
};

/// How often it is looked at, at most so often in a run.
const LOOKS: u64 = 120;
/// From one look to the next at least: the kernel counts processor time in steps of 10 ms.
const SHORTEST: u64 = 250 * MILLISECOND;

/// What was used while it counted.
pub(super) struct Used {
    pub(super) seconds: f64,
    pub(super) server: Option<Duration>,
    pub(super) generator: Duration,
    pub(super) memory: Option<Memory>,
    /// The most memory that the server had, nothing where it isn't known.
    pub(super) peak_bytes: u64,
    pub(super) kernel: Option<KernelGrowth>,
    pub(super) usage: Vec<Moment>,
}

/// What processes had used at one time.
#[derive(Clone, Copy)]
struct Look {
    at: u64,
    server: Option<Duration>,
    resident_bytes: Option<u64>,
    generator: Duration,
}

impl Look {
    fn now(server: Option<u32>, generators: &[u32]) -> Result<Self> {
        let mut generator = Duration::ZERO;
        for pid in generators {
            generator += process::cpu(*pid)?;
        }
        Ok(Self {
            at: now(),
            server: server.map(process::cpu).transpose()?,
            resident_bytes: server.map(process::resident_bytes).transpose()?,
            generator,
        })
    }

    fn since(&self, before: &Self, begin: u64) -> Moment {
        let seconds = (self.at - before.at) as f64 / SECOND as f64;
        let cores = |after: Duration, before: Duration| {
            after.saturating_sub(before).as_secs_f64() / seconds
        };
        let server = self.server.zip(before.server);
        Moment {
            at: (self.at - begin) as f64 / SECOND as f64,
            server_cores: server.map(|(after, before)| cores(after, before)),
            server_resident_bytes: self.resident_bytes,
            generator_cores: cores(self.generator, before.generator),
        }
    }
}

/// Measures from `start.measure` to `start.until`, beside the processes that send meanwhile.
pub(super) async fn measure(run: &Run<'_>, start: &Start, generators: &[u32]) -> Result<Used> {
    let server = run.server.pid;
    let before_bytes = server.map(process::resident_bytes).transpose()?;
    until(start.measure).await;
    let first = Look::now(server, generators)?;
    let every = (start.until.saturating_sub(start.measure) / LOOKS).max(SHORTEST);
    let (mut last, mut usage) = (first, Vec::new());
    let mut peak_bytes = first.resident_bytes.unwrap_or_default();
    while last.at < start.until {
        until(start.until.min(last.at + every)).await;
        let look = Look::now(server, generators)?;
        peak_bytes = peak_bytes.max(look.resident_bytes.unwrap_or_default());
        usage.push(look.since(&last, first.at));
        last = look;
    }
    let memory = before_bytes.zip(last.resident_bytes);
    let after = kernel::read().ok();
    Ok(Used {
        seconds: Duration::from_nanos(last.at - first.at).as_secs_f64(),
        server: last
            .server
            .zip(first.server)
            .map(|(after, before)| after - before),
        generator: last.generator - first.generator,
        memory: memory.map(|(before_bytes, after_bytes)| Memory {
            before_bytes,
            after_bytes,
            peak_bytes,
            bytes_per_connection: None,
        }),
        peak_bytes,
        kernel: run
            .kernel
            .zip(after)
            .map(|(before, after)| KernelGrowth { before, after }),
        usage,
    })
}

/// Adds what all processes read and wrote.
pub(super) fn bytes(outcomes: &[Outcome]) -> Bytes {
    let all = outcomes.iter().map(|outcome| outcome.bytes);
    all.fold(Bytes::default(), |sum, bytes| Bytes {
        received: sum.received + bytes.received,
        sent: sum.sent + bytes.sent,
    })
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
        kernel: used.kernel,
        bytes: Some(bytes(outcomes)),
        timeline: timeline::merged(outcomes.iter().map(|outcome| &outcome.timeline))?,
        curve: delivery.curve(),
        usage: used.usage.clone(),
        ..Figures::default()
    };
    Ok((figures, faults))
}
