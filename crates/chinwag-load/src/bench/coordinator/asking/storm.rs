//! The run of a reconnect storm: all connections are cut at once, messages are said, and all come back.

use std::{collections::BTreeMap, mem::take, sync::Arc};

use anyhow::{Context as _, Result, ensure};
use chinwag_proto::{
    ChatId,
    frames::{LogBody, LogFrame, Place},
    shapes::Message,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use parking_lot::Mutex;

use super::{
    Chats, PATIENCE, Question, ask_when_due,
    chat::{Chat, Member},
};
use crate::{
    bench::{
        coordinator::{
            Run, figures, measuring, plans,
            session::{Session, Synced},
        },
        options::{self, Times},
        pacer::Pacer,
        plan::Node,
        report::Report,
    },
    clock::{MILLISECOND, SECOND},
};

/// Connections made at a time before the storm.
const AT_ONCE: usize = 64;
/// How often what is used is looked at.
const LOOK: u64 = 250 * MILLISECOND;
/// The shortest time that all come back over: at once.
const SHORTEST: f64 = 1e-6;

pub(in super::super) async fn run(run: &Run<'_>, settings: &options::Storm) -> Result<Report> {
    let count = settings.connections;
    ensure!(
        count.is_multiple_of(2),
        "two and two share a chat: {count} connections can't be"
    );
    let mut chats = Chats::make(run, count / 2, settings.content_bytes).await?;
    let away = connected_and_cut(run, &chats, count).await?;
    chats.say(run, settings.missed).await?;
    run.progress.say("all come back");
    let storm = Storm {
        chats,
        nodes: run.server.nodes.clone(),
        away,
        back: Arc::default(),
    };
    let sessions = Arc::clone(&storm.back);
    let start = plans::start(Times {
        warm_up: 0.0,
        duration: settings.spread + PATIENCE.as_secs_f64(),
    });
    let spread = settings.spread.max(SHORTEST);
    let rate = f64::from(count) / spread;
    // Half a gap after the last one.
    let last = start.begin + ((f64::from(count) - 0.5) / rate * SECOND as f64) as u64;
    let pacer = Pacer::new(start.begin, last, rate);
    let coming = ask_when_due(storm, pacer, &start, count as usize, Some(run.progress));
    let own = [std::process::id()];
    let measured = measuring::measure_while(run, start.begin, LOOK, &own, coming).await;
    drop(take(&mut *sessions.lock()));
    let (used, outcome) = measured?;
    let outcomes = [outcome];
    let (mut figures, faults) = figures::of(Some("sessions in sync"), &used, &outcomes)?;
    let part = figures::deliveries("in sync again", &outcomes, used.seconds)?;
    figures.parts.extend(part);
    let target = run.server.target();
    Ok(Report::of("storm", settings, target, figures, faults))
}

/// Connects everybody, lets all get in sync, and cuts them at once; returns what each knows then.
async fn connected_and_cut(run: &Run<'_>, chats: &Chats, count: u32) -> Result<Vec<Away>> {
    let nodes = &run.server.nodes;
    let connects = (0..count as usize).map(|nth| async move {
        let (chat, member) = seat(chats, nth);
        let mut session = Session::open(Node::of_nth(nodes, nth), &member.person.token).await?;
        let synced = session.sync(None, &BTreeMap::new()).await?;
        anyhow::Ok((session, Away::of(chat, synced)?))
    });
    let mut connecting = stream::iter(connects).buffered(AT_ONCE);
    let (mut sessions, mut away) = (Vec::new(), Vec::new());
    while let Some((session, knows)) = connecting.try_next().await? {
        sessions.push(session);
        away.push(knows);
        run.progress
            .ready(away.len(), count as usize, "connections");
    }
    // Without a word: the sockets just end.
    drop(sessions);
    Ok(away)
}

/// What somebody knows who was cut off.
struct Away {
    token: String,
    places: BTreeMap<ChatId, Place>,
}

impl Away {
    fn of(chat: &Chat, synced: Synced) -> Result<Self> {
        let [only] = &synced.chats[..] else {
            anyhow::bail!("{} chats came instead of one", synced.chats.len());
        };
        let (id, seq) = (only.chat.id, only.chat.head.seq);
        ensure!(
            (id, seq) == (chat.id, chat.base),
            "{id} at {seq} came instead of {}",
            chat.id
        );
        let epoch = only.chat.epoch;
        Ok(Self {
            token: synced.token,
            places: BTreeMap::from([(id, Place { epoch, seq })]),
        })
    }
}

/// Everybody comes back, one after another.
struct Storm {
    chats: Chats,
    nodes: Vec<Node>,
    away: Vec<Away>,
    /// They stay until all are.
    back: Arc<Mutex<Vec<Session>>>,
}

impl Question for Storm {
    async fn ask(&self, nth: u64) -> Result<()> {
        let nth = usize::try_from(nth)?;
        let (chat, member) = seat(&self.chats, nth);
        let away = self.away.get(nth).context("nobody is away any more")?;
        let mut session =
            Session::open(Node::of_nth(&self.nodes, nth), &member.person.token).await?;
        let synced = session.sync(Some(away.token.clone()), &away.places).await?;
        self.back.lock().push(session);
        check(chat, &synced)
    }
}

/// Checks that a sync brought all that was said in a chat, once and in order, and nothing of another.
fn check(chat: &Chat, synced: &Synced) -> Result<()> {
    let events = synced.chats.iter().flat_map(|it| &it.events);
    let messages = events.chain(&synced.live).map(message);
    let messages = messages.collect::<Result<Vec<&Message>>>()?;
    chat.check(messages.into_iter(), chat.said.iter())
}

fn message(frame: &LogFrame) -> Result<&Message> {
    match &frame.body {
        LogBody::Message { message } if message.seq == frame.seq => Ok(message),
        _ => anyhow::bail!(
            "place {} of {} holds no message of its own",
            frame.seq,
            frame.chat_id
        ),
    }
}

/// Returns who comes as the n-th: the first ones of all chats, then the others.
fn seat(chats: &Chats, nth: usize) -> (&Chat, &Member) {
    let (chat, turn) = chats.turn(nth as u64);
    (chat, &chat.members[turn % 2])
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{Epoch, Seq, http::SyncChat};

    use super::*;
    use crate::bench::coordinator::asking::chat::known;

    /// Returns what was missed, of which something is made.
    fn checked(change: impl FnOnce(&mut Synced)) -> Result<()> {
        let chat = known::chat(3);
        let frame = |said| {
            let message = known::shown(&chat, said);
            LogFrame {
                chat_id: chat.id,
                epoch: Epoch(1),
                seq: message.seq,
                body: LogBody::Message { message },
            }
        };
        let head = serde_json::json!({"id": "1", "type": "direct", "role": "member", "epoch": 1,
            "head": {"seq": 7}, "unread": 3, "mentions": 0, "marks": {}, "memberCount": 2});
        let mut synced = Synced {
            token: String::new(),
            chats: vec![SyncChat {
                chat: serde_json::from_value(head).unwrap(),
                events: chat.said.iter().map(frame).collect(),
                limited: false,
            }],
            live: Vec::new(),
        };
        change(&mut synced);
        check(&chat, &synced)
    }

    #[test]
    fn a_sync_brings_what_was_missed_once_and_in_order() {
        checked(|_| {}).unwrap();
        checked(|synced| synced.live.extend(synced.chats[0].events.pop())).unwrap();
        let wrong: [fn(&mut Synced); 5] = [
            |synced| synced.chats.clear(),
            |synced| drop(synced.chats[0].events.remove(1)),
            |synced| synced.chats[0].events.reverse(),
            |synced| synced.live.push(synced.chats[0].events[0].clone()),
            |synced| synced.chats[0].events[2].seq = Seq(9),
        ];
        for (nth, change) in wrong.into_iter().enumerate() {
            assert!(checked(change).is_err(), "change {nth}");
        }
    }
}
