//! The thread that moves the high-water mark and then confirms: while it does, the next group is written.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::Duration,
};

use chinwag_core::ports::{EngineError, EngineResult, QueueGroup};
use tokio::sync::watch;

use super::{
    commit::{Commit, GROUPS},
    high_water::HighWater,
    options::CommitObserver,
};

/// Answers a caller.
pub(super) type Confirm = Box<dyn FnOnce(EngineResult<()>) + Send>;

/// How many groups may be synced and not confirmed; the writing thread waits at more.
const GROUPS_AHEAD: usize = 4;

/// A group of writes that is durable in the journal.
pub(super) struct Group {
    pub(super) commit: Commit,
    pub(super) requests: usize,
    /// How long commit and sync took.
    pub(super) written_in: Duration,
    pub(super) confirms: Vec<Confirm>,
}

/// What was written since the start.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) groups: AtomicU64,
    pub(super) requests: AtomicU64,
}

/// What is confirmed, for those who wait for it.
pub(super) struct Durable {
    commit: watch::Sender<Commit>,
    /// Records of each group of the queue, apart from the commit: who reads one group isn't woken for the others.
    written: [watch::Sender<u64>; GROUPS],
}

impl Durable {
    pub(super) fn new(commit: Commit) -> Self {
        Self {
            commit: watch::Sender::new(commit),
            written: QueueGroup::ALL.map(|group| watch::Sender::new(commit.written(group))),
        }
    }

    /// Returns where the last confirmed commit is seen.
    pub(super) fn commit(&self) -> watch::Receiver<Commit> {
        self.commit.subscribe()
    }

    /// Returns where it is seen how many records of each group there are; the commit is seen before.
    pub(super) fn written(&self) -> [watch::Receiver<u64>; GROUPS] {
        self.written.each_ref().map(watch::Sender::subscribe)
    }

    fn show(&self, commit: Commit) {
        self.commit.send_replace(commit);
        for (group, written) in QueueGroup::ALL.into_iter().zip(&self.written) {
            let now = commit.written(group);
            written.send_if_modified(|written| std::mem::replace(written, now) != now);
        }
    }
}

/// Where the writing thread hands over groups.
pub(super) struct Confirmer {
    groups: SyncSender<Group>,
}

impl Confirmer {
    /// Starts the thread; it ends once this is dropped and all groups are confirmed. `durable` shows the last
    /// commit that is confirmed.
    pub(super) fn start(
        mark: HighWater,
        durable: Durable,
        counters: Arc<Counters>,
        observer: CommitObserver,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (groups, waiting) = sync_channel(GROUPS_AHEAD);
        let thread = std::thread::Builder::new()
            .name("confirm".into())
            .spawn(move || run(&waiting, mark, &durable, &counters, &observer))?;
        Ok((Self { groups }, thread))
    }

    /// Hands a group over.
    pub(super) fn confirm(&self, group: Group) {
        if let Err(group) = self.groups.send(group) {
            answer(
                group.0.confirms,
                &Err(EngineError::Unavailable("the store was closed".into())),
            );
        }
    }
}

fn run(
    waiting: &Receiver<Group>,
    mut mark: HighWater,
    durable: &Durable,
    counters: &Counters,
    observer: &CommitObserver,
) {
    while let Ok(first) = waiting.recv() {
        let mut groups = vec![first];
        while groups.len() < GROUPS_AHEAD
            && let Ok(group) = waiting.try_recv()
        {
            groups.push(group);
        }
        let Some(last) = groups.last().map(|group| group.commit) else {
            continue;
        };
        let outcome = mark.raise(&last).map_err(|error| {
            tracing::error!(%error, "the high-water mark can't be written");
            EngineError::Unavailable(format!("the high-water mark can't be written: {error}"))
        });
        for group in &groups {
            counters.groups.fetch_add(1, Relaxed);
            counters.requests.fetch_add(group.requests as u64, Relaxed);
            observer(group.written_in);
        }
        if outcome.is_ok() {
            durable.show(last);
        }
        for group in groups {
            answer(group.confirms, &outcome);
        }
    }
}

fn answer(confirms: Vec<Confirm>, outcome: &EngineResult<()>) {
    for confirm in confirms {
        confirm(outcome.clone());
    }
}
