//! The run of direct chats.

use anyhow::Result;

use super::{
    Run,
    crew::Crew,
    measuring::{figures, send},
    people,
    plans::{pace, plans, shares, start},
};
use crate::bench::{
    options,
    plan::{Start, Traffic},
    report::Report,
};

pub(super) async fn run(run: &Run<'_>, settings: &options::Direct) -> Result<Report> {
    let connections = settings.connections;
    // Both ends of a chat are in one process, which can check what both see.
    let shares = shares(connections, run.options.processes, 2)?;
    let people = run.server.tokens().people("bench", connections).await?;
    let traffic = |_, count| Traffic::Direct(pace(settings.pace, count, connections));
    let plans = plans(run, &shares, &people, settings.content_bytes, traffic);
    let mut crew = Crew::start(&plans).await?;
    crew.connected(run.progress).await?;
    run.progress.say("chats are made");
    let chats = people::direct_chats(run.server.url(), &people).await?;
    let start = start(settings.times);
    let mut rest = &chats[..];
    let mut starts = Vec::new();
    for share in shares {
        let (own, others) = rest.split_at(share as usize / 2);
        rest = others;
        starts.push(Start {
            chats: own.to_vec(),
            ..start.clone()
        });
    }
    let (used, outcomes) = send(run, crew, starts, &start).await?;
    let (figures, faults) = figures("messages", &used, &outcomes)?;
    Ok(Report::of(
        "direct",
        settings,
        run.server.target(),
        figures,
        faults,
    ))
}
