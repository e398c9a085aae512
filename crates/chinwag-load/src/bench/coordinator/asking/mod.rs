//! Questions at a rate, each answer checked. The coordinator asks them itself, over HTTP and sessions of its own.

mod chat;
mod filling;
pub(super) mod history;
pub(super) mod search;
pub(super) mod storm;

use std::{sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use parking_lot::Mutex;
use tokio::{sync::mpsc, task::JoinSet, time::MissedTickBehavior};

pub(super) use self::filling::Chats;
use super::{Run, figures, measuring::measure, plans, progress::Progress};
use crate::{
    bench::{
        measures::Measures,
        options::Asks,
        pacer::Pacer,
        plan::{Outcome, Start},
        report::Report,
    },
    clock::now,
};

/// Questions under way at a time, at most: whatever is due above it waits, and that counts.
const AT_ONCE: usize = 512;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a person is told how far it is.
const PROGRESS: Duration = Duration::from_millis(250);

/// What is asked again and again.
pub(super) trait Question: Send + Sync + 'static {
    /// Asks for the n-th time, from 0; errors: no answer, or what is wrong with it.
    fn ask(&self, nth: u64) -> impl Future<Output = Result<()>> + Send;
}

/// Questions, and what is measured of their answers.
struct Asking<Q> {
    question: Q,
    /// Numbers of questions, and when each was due; comes at that time.
    due: tokio::sync::Mutex<mpsc::Receiver<(u64, u64)>>,
    measures: Mutex<Measures>,
}

/// Does a run that asks one thing.
async fn run(
    run: &Run<'_>,
    (scenario, settings): (&'static str, &impl serde::Serialize),
    (unit, name): (&'static str, &'static str),
    asks: Asks,
    question: impl Question,
) -> Result<Report> {
    let start = plans::start(asks.times);
    let own = [std::process::id()];
    let (used, outcome) = tokio::try_join!(
        measure(run, &start, &own),
        ask(question, &start, asks.rate, Some(run.progress))
    )?;
    let outcomes = [outcome];
    let (mut figures, faults) = figures::of(Some(unit), &used, &outcomes)?;
    let part = figures::deliveries(name, &outcomes, used.seconds)?;
    figures.parts.extend(part);
    let target = run.server.target();
    Ok(Report::of(scenario, settings, target, figures, faults))
}

/// Asks so many times a second, and returns once everything is answered.
pub(super) async fn ask(
    question: impl Question,
    start: &Start,
    rate: f64,
    progress: Option<&Progress>,
) -> Result<Outcome> {
    let pacer = Pacer::new(start.begin, start.until, rate);
    ask_when_due(question, pacer, start, AT_ONCE, progress).await
}

/// Asks whenever the pacer says so.
async fn ask_when_due(
    question: impl Question,
    pacer: Pacer,
    start: &Start,
    at_once: usize,
    progress: Option<&Progress>,
) -> Result<Outcome> {
    let mut measures = Measures::new();
    measures.begin(start);
    let asking = Arc::new(Asking {
        question,
        due: tokio::sync::Mutex::new(when_due(pacer)),
        measures: Mutex::new(measures),
    });
    let mut askers = JoinSet::new();
    for _ in 0..at_once {
        askers.spawn(Arc::clone(&asking).ask());
    }
    let mut tick = tokio::time::interval(PROGRESS);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tokio::select! {
            joined = askers.join_next() => match joined {
                Some(joined) => joined?,
                None => break,
            },
            _ = tick.tick() => {
                if let Some(progress) = progress {
                    progress.counted(asking.measures.lock().completed);
                }
            }
        }
    }
    let asking = Arc::into_inner(asking).ok_or_else(|| anyhow!("somebody still asks"))?;
    Ok(asking.measures.into_inner().outcome())
}

/// Hands out each time at which a question is due, then: by a thread, since a task would be woken up to 1 ms late.
fn when_due(mut pacer: Pacer) -> mpsc::Receiver<(u64, u64)> {
    let (due, receiver) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        while let Some(next) = pacer.due() {
            // The pause between two questions is this thread's own.
            std::thread::park_timeout(Duration::from_nanos(next.saturating_sub(now())));
            while let Some(next) = pacer.take(now()) {
                if due.blocking_send(next).is_err() {
                    return;
                }
            }
        }
    });
    receiver
}

impl<Q: Question> Asking<Q> {
    async fn ask(self: Arc<Self>) {
        loop {
            let next = self.due.lock().await.recv().await;
            let Some((nth, due)) = next else { return };
            self.measures.lock().note_sent(due, now());
            let answer = tokio::time::timeout(PATIENCE, self.question.ask(nth)).await;
            let at = now();
            let answer = answer.unwrap_or_else(|_| Err(anyhow!("no answer in {PATIENCE:?}")));
            let mut measures = self.measures.lock();
            match answer {
                Ok(()) => measures.note_answer(due, at),
                Err(what) => measures
                    .faults
                    .note(|| format!("question {}: {what:#}", nth + 1)),
            }
        }
    }
}
