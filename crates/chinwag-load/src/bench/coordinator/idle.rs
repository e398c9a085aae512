//! The run of idle connections.

use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{
    Run,
    crew::Crew,
    figures,
    measuring::send,
    plans::{plans, shares, start},
    process,
};
use crate::bench::{
    options::{self, Times},
    plan::Traffic,
    report::{Memory, Report},
};

/// Connections of a first round, so that what is made once a process isn't counted.
const WARM_UP_CONNECTIONS: u32 = 100;
/// How long after that round memory is read.
const WARM_UP_REST: Duration = Duration::from_secs(2);

pub(super) async fn run(run: &Run<'_>, settings: &options::Idle) -> Result<Report> {
    let pid = run.server.pid;
    let pid = pid.context("whose memory? give --server-pid of a server on this machine")?;
    hold(run, WARM_UP_CONNECTIONS.min(settings.connections)).await?;
    tokio::time::sleep(WARM_UP_REST).await;
    let before_bytes = process::resident_bytes(pid)?;
    let crew = hold(run, settings.connections).await?;
    run.progress
        .say(format!("holding them for {} s", settings.hold));
    let start = start(Times {
        warm_up: 0.0,
        duration: settings.hold,
    });
    // That none was lost is certain once all processes have told what came of theirs.
    let (used, outcomes) = send(run, crew, &start).await?;
    let (mut figures, faults) = figures::of(None, &used, &outcomes)?;
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
    let mut crew = Crew::start(&plans).await?;
    crew.connected(run.progress).await?;
    Ok(crew)
}
