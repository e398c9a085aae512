//! The run of direct chats.

use anyhow::Result;

use super::{
    Run,
    crew::Crew,
    figures,
    measuring::send,
    people,
    plans::{pace, plans, shares, start},
};
use crate::bench::{
    options::{self, Pace},
    plan::Traffic,
    report::Report,
};

pub(super) async fn run(run: &Run<'_>, settings: &options::Direct) -> Result<Report> {
    let crew = connect(
        run,
        settings.connections,
        settings.pace,
        settings.content_bytes,
    );
    let crew = crew.await?;
    let start = start(settings.times);
    let (used, outcomes) = send(run, crew, &start).await?;
    let (figures, faults) = figures::of_messages("messages", &used, &outcomes)?;
    Ok(Report::of(
        "direct",
        settings,
        run.server.target(),
        figures,
        faults,
    ))
}

/// Connects users, and makes the chats of each two.
pub(super) async fn connect(
    run: &Run<'_>,
    connections: u32,
    pace_of_all: Pace,
    content_bytes: u32,
) -> Result<Crew> {
    // Both ends of a chat are in one process, which can check what both see.
    let shares = shares(connections, run.options.processes, 2)?;
    let people = run.server.tokens().people("bench", connections).await?;
    let traffic = |_, count| Traffic::Direct(pace(pace_of_all, count, connections));
    let plans = plans(run, &shares, &people, content_bytes, traffic);
    let mut crew = Crew::connect(&plans, run.progress).await?;
    run.progress.say("chats are made");
    let mut chats = people::direct_chats(run.server.url(), &people).await?;
    crew.assign(
        shares
            .iter()
            .map(|share| chats.drain(..*share as usize / 2).collect()),
    );
    Ok(crew)
}
