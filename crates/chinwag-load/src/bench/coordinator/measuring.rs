//! What processes use while it counts.

use std::{pin::pin, time::Duration};

use anyhow::{Context as _, Result};

use super::{Run, crew::Crew, kernel, measured::Neighbour, process};
use crate::{
    bench::{
        plan::{Outcome, Start},
        report::{KernelGrowth, Memory, Moment, Other, Usage},
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
    /// The generators' memory at the end.
    pub(super) generator_bytes: u64,
    pub(super) others: Vec<Other>,
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
    fn now(server: &[u32], generators: &[u32]) -> Result<Self> {
        let server = (!server.is_empty()).then_some(server);
        Ok(Self {
            at: now(),
            server: server.map(process::cpu).transpose()?,
            resident_bytes: server.map(process::resident_bytes).transpose()?,
            generator: process::cpu(generators)?,
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
    let seconds = start.until.saturating_sub(start.measure);
    let every = (seconds / LOOKS).max(SHORTEST);
    run.progress.lasts(start.begin, start.until);
    let work = async {
        until(start.until).await;
        Ok(())
    };
    let (used, ()) = measure_while(run, start.measure, every, generators, work).await?;
    Ok(used)
}

/// Measures from a moment until work is done that began before it.
pub(super) async fn measure_while<T>(
    run: &Run<'_>,
    from: u64,
    every: u64,
    generators: &[u32],
    work: impl Future<Output = Result<T>>,
) -> Result<(Used, T)> {
    let server = &run.server.pids[..];
    let server_bytes = process::resident_bytes(server)?;
    let mut work = pin!(work);
    let mut done = tokio::select! {
        done = &mut work => Some(done?),
        () = until(from) => None,
    };
    let first = Look::now(server, generators)?;
    let before = Before {
        server_bytes,
        first,
        cpus: cpus(&run.server.neighbours)?,
    };
    let (mut last, mut usage) = (first, Vec::new());
    while done.is_none() {
        done = tokio::select! {
            done = &mut work => Some(done?),
            () = until(last.at + every) => None,
        };
        run.progress.moved();
        let look = Look::now(server, generators)?;
        // In what is left at the end, a step of the kernel's count would look like many processors.
        if usage.is_empty() || look.at - last.at >= SHORTEST / 2 {
            usage.push(look.since(&last, first.at));
        }
        last = look;
    }
    let used = used(run, generators, &before, last, usage)?;
    Ok((used, done.context("the work isn't done")?))
}

/// What was there before anything counted.
struct Before {
    server_bytes: u64,
    first: Look,
    /// The processor time that each neighbour had used.
    cpus: Vec<Duration>,
}

/// Returns the processor time that each has used.
fn cpus(neighbours: &[Neighbour]) -> Result<Vec<Duration>> {
    let cpus = neighbours.iter().map(|it| process::cpu(&it.pids));
    cpus.collect()
}

/// Returns what each used in so many seconds, since it had used so much processor time.
fn others(neighbours: &[Neighbour], before: &[Duration], seconds: f64) -> Result<Vec<Other>> {
    let used = neighbours.iter().zip(before).map(|(it, before)| {
        let cpu = process::cpu(&it.pids)?.saturating_sub(*before);
        Ok(Other {
            name: it.name.clone(),
            usage: Usage::of(cpu, seconds, None),
            before_bytes: it.before_bytes,
            after_bytes: process::resident_bytes(&it.pids)?,
        })
    });
    used.collect()
}

/// Returns what was used from the first look to the last.
fn used(
    run: &Run<'_>,
    generators: &[u32],
    before: &Before,
    last: Look,
    usage: Vec<Moment>,
) -> Result<Used> {
    let first = before.first;
    let seen = usage.iter().filter_map(|look| look.server_resident_bytes);
    let peak_bytes = seen.chain(first.resident_bytes).max().unwrap_or_default();
    let after = kernel::read().ok();
    let seconds = Duration::from_nanos(last.at - first.at).as_secs_f64();
    Ok(Used {
        seconds,
        server: last
            .server
            .zip(first.server)
            .map(|(after, before)| after - before),
        generator: last.generator - first.generator,
        memory: last.resident_bytes.map(|after_bytes| Memory {
            before_bytes: before.server_bytes,
            after_bytes,
            peak_bytes,
            bytes_per_connection: None,
        }),
        kernel: run
            .kernel
            .zip(after)
            .map(|(before, after)| KernelGrowth { before, after }),
        usage,
        generator_bytes: process::resident_bytes(generators)?,
        others: others(&run.server.neighbours, &before.cpus, seconds)?,
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
    start: &Start,
) -> Result<(Used, Vec<Outcome>)> {
    let pids: Vec<u32> = crew.pids().collect();
    crew.begin(start).await?;
    let sent = crew.sent(Some(run.progress));
    let (used, sent) = tokio::try_join!(measure(run, start, &pids), sent)?;
    let outcomes = crew.finish(sent).await?;
    Ok((used, outcomes))
}
