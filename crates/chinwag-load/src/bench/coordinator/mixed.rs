//! The run that does at once what the users of a day do in their busiest hour.

use std::sync::Arc;

use anyhow::{Result, bail, ensure};

use super::{
    Run,
    asking::{
        Chats, ask,
        history::History,
        search::{self, Search},
    },
    crew::Crew,
    direct, figures, group, idle,
    measuring::measure,
    plans::start,
    progress::Progress,
};
use crate::bench::{
    options::{self, Pace},
    plan::Outcome,
    report::{Part, Report},
};

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Messages on a page of history, as a client asks for them.
const PAGE: u32 = 50;

/// How much of everything, in the busiest hour.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rates {
    /// Messages a second in direct chats, and in the group.
    direct: f64,
    group: f64,
    /// Pages of history, and searches, a second.
    pages: f64,
    searches: f64,
    /// Connections that chat two and two, and those that are just there; the group's members apart.
    chatting: u32,
    idle: u32,
}

impl Rates {
    fn of(settings: &options::Mixed) -> Result<Self> {
        let users = f64::from(settings.daily_users);
        let a_second = |a_day: f64| users * a_day * settings.peak / DAY;
        let messages = a_second(settings.daily_messages);
        let online = (users * settings.online_share) as u32;
        let members = settings.members;
        ensure!(
            online >= members + 4,
            "{online} are online, of whom {members} are in the group: more daily users are needed"
        );
        let others = online - members;
        let chatting = others / 4 * 2;
        Ok(Self {
            direct: messages * (1.0 - settings.group_share),
            group: messages * settings.group_share,
            pages: a_second(settings.daily_pages),
            searches: a_second(settings.daily_searches),
            chatting,
            idle: others - chatting,
        })
    }
}

pub(super) async fn run(run: &Run<'_>, settings: &options::Mixed) -> Result<Report> {
    let rates = Rates::of(settings)?;
    let chats = Arc::new(Chats::filled(run, settings.filled).await?);
    search::until_indexed(run, &chats).await?;
    let mut crews = connect(run, settings, rates).await?;
    let start = start(settings.times);
    let mut pids = vec![std::process::id()];
    for crew in &mut crews {
        crew.begin(&start).await?;
        pids.extend(crew.pids());
    }
    let reading = History::new(Arc::clone(&chats), PAGE);
    let searching = Search::new(chats);
    let (used, sent, read, searched) = tokio::try_join!(
        measure(run, &start, &pids),
        sent(&mut crews, run.progress),
        ask(reading, &start, rates.pages, None),
        ask(searching, &start, rates.searches, None)
    )?;
    let mut outcomes = Vec::new();
    for (crew, sent) in crews.into_iter().zip(sent) {
        outcomes.push(crew.finish(sent).await?);
    }
    outcomes.extend([vec![read], vec![searched]]);
    let (mut figures, mut faults) = figures::of(None, &used, &outcomes.concat())?;
    // The coordinator asks both kinds of question.
    figures.generator.processes = pids.len();
    figures.last_delivery = group::last_deliveries(&outcomes[1], &start, &mut faults);
    figures.parts = parts(&outcomes, used.seconds)?;
    let target = run.server.target();
    Ok(Report::of("mixed", settings, target, figures, faults))
}

/// Connects those who chat two and two, the group, and those who are just there.
async fn connect(run: &Run<'_>, settings: &options::Mixed, rates: Rates) -> Result<[Crew; 3]> {
    let content_bytes = settings.filled.content_bytes;
    let at = |rate| Pace {
        in_flight: 1,
        rate: Some(rate),
    };
    let group = options::Group {
        members: settings.members,
        senders: settings.members,
        pace: at(rates.group),
        times: settings.times,
        content_bytes,
        settle: 0.0,
        no_bare: true,
    };
    Ok([
        direct::connect(run, rates.chatting, at(rates.direct), content_bytes).await?,
        group::connect(run, &group).await?,
        idle::hold(run, rates.idle).await?,
    ])
}

/// Waits until all have sent their last message, and returns how many there were of each.
async fn sent(crews: &mut [Crew; 3], progress: &Progress) -> Result<[u64; 3]> {
    let [direct, group, idle] = crews;
    let sent = tokio::try_join!(
        direct.sent(Some(progress)),
        group.sent(None),
        idle.sent(None)
    );
    sent.map(Into::into)
}

/// Returns how long each kind of thing took.
fn parts(outcomes: &[Vec<Outcome>], seconds: f64) -> Result<Vec<Part>> {
    let [direct, group, _, read, searched] = outcomes else {
        bail!("a kind of load is missing");
    };
    let parts = [
        figures::acks("direct, acknowledged", direct, seconds)?,
        figures::deliveries("direct, delivered", direct, seconds)?,
        figures::acks("group, acknowledged", group, seconds)?,
        figures::deliveries("group, delivered", group, seconds)?,
        figures::deliveries("page of history", read, seconds)?,
        figures::deliveries("search", searched, seconds)?,
    ];
    Ok(parts.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Words {
        #[command(flatten)]
        mixed: options::Mixed,
    }

    fn rates(words: &[&str]) -> Result<Rates> {
        let words = Words::parse_from([&["mixed"], words].concat());
        Rates::of(&words.mixed)
    }

    #[test]
    fn all_follows_from_the_daily_users() {
        let rates = rates(&["--daily-users", "86400"]).unwrap();
        let near = |is: f64, wanted: f64| assert!((is - wanted).abs() < 1e-6, "{is} {wanted}");
        // A message a day of each would be one a second; three times that in the busiest hour.
        near(rates.direct + rates.group, 40.0 * 3.0);
        near(rates.group, 40.0 * 3.0 * 0.2);
        near(rates.pages, 20.0 * 3.0);
        near(rates.searches, 0.5 * 3.0);
        // A tenth is online: 50 of them in the group, half of the others in pairs.
        assert_eq!((rates.chatting, rates.idle), (4_294, 4_296));
    }

    #[test]
    fn too_few_users_are_refused_in_words() {
        let told = rates(&["--daily-users", "500"]).unwrap_err().to_string();
        assert!(told.contains("more daily users"), "{told}");
        assert!(rates(&["--daily-users", "540"]).is_ok());
    }
}
