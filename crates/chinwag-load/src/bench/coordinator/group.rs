//! The run of one group.

use std::time::Duration;

use anyhow::{Result, ensure};

use super::{
    Run, bare,
    crew::Crew,
    figures,
    measuring::send,
    people,
    plans::{pace, plans, shares, start},
};
use crate::bench::{
    faults::Faults,
    latency::{Latency, Percentiles},
    options,
    plan::{Outcome, SeenPlace, Start, Traffic},
    report::Report,
};

pub(super) async fn run(run: &Run<'_>, settings: &options::Group) -> Result<Report> {
    let crew = connect(run, settings).await?;
    settle(run, settings.settle).await;
    let start = start(settings.times);
    let (used, outcomes) = send(run, crew, &start).await?;
    let (mut figures, mut faults) = figures::of_messages("deliveries", &used, &outcomes)?;
    figures.last_delivery = last_deliveries(&outcomes, &start, &mut faults);
    if !settings.no_bare && faults.count == 0 {
        run.progress.say("bare sends");
        let mut bare = bare::run(run, settings, &mut faults).await?;
        let each = figures.server.and_then(|server| server.cpu_ms_per_1000);
        bare.server_ratio = each.map(|each| each / bare.cpu_ms_per_1000);
        figures.bare = Some(bare);
    }
    Ok(Report::of(
        "group",
        settings,
        run.server.target(),
        figures,
        faults,
    ))
}

/// Connects users, and makes the group of all.
pub(super) async fn connect(run: &Run<'_>, settings: &options::Group) -> Result<Crew> {
    let (members, senders) = (settings.members, settings.senders);
    ensure!(senders <= members, "only members send");
    let shares = shares(members, run.options.processes, 1)?;
    let people = run.server.tokens().people("bench", members).await?;
    let traffic = |before: u32, count: u32| {
        let senders_here = senders.saturating_sub(before).min(count);
        Traffic::Group {
            senders: senders_here as usize,
            pace: pace(settings.pace, senders_here, senders),
        }
    };
    let plans = plans(run, &shares, &people, settings.content_bytes, traffic);
    let mut crew = Crew::connect(&plans, run.progress).await?;
    run.progress.say("the group is made");
    let chat = people::group(run.server.url(), &people).await?;
    crew.assign(std::iter::repeat(vec![chat]));
    Ok(crew)
}

async fn settle(run: &Run<'_>, seconds: f64) {
    if seconds > 0.0 {
        run.progress
            .say(format!("the group settles for {seconds} s"));
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    }
}

/// Returns how long each message took to its last member, as all processes together saw it.
pub(super) fn last_deliveries(
    outcomes: &[Outcome],
    start: &Start,
    faults: &mut Faults,
) -> Option<Percentiles> {
    let mut latency = Latency::new();
    let places = outcomes.iter().map(|outcome| outcome.seen.len()).max();
    for place in 0..places.unwrap_or_default() {
        let of_place: Vec<&SeenPlace> = outcomes
            .iter()
            .filter_map(|it| it.seen.get(place))
            .collect();
        let Some(first) = of_place.first() else {
            continue;
        };
        let message = |seen: &SeenPlace| (seen.sender, seen.number);
        if of_place.iter().any(|seen| message(seen) != message(first)) {
            faults.note(|| {
                format!("members see different messages at place {place} after the first")
            });
        }
        let last = of_place
            .iter()
            .map(|seen| seen.last)
            .max()
            .unwrap_or_default();
        if (start.measure..start.until).contains(&first.due) {
            latency.record(last.saturating_sub(first.due));
        }
    }
    latency.percentiles()
}
