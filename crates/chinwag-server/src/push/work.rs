//! The loop: one task holds everything that waits; looks and tries run beside it.

use std::{convert::Infallible, sync::Arc, time::Duration};

use chinwag_core::{
    delivery::HasRead,
    ports::{Consumer, EngineError, EngineResult, QueueGroup, QueueRecord},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Push,
    audience::Seen,
    deliver::{Tried, Try},
    lanes::{Errand, Key, Lanes, What},
    looks::{Look, Looks, Notice, Stage},
    progress::Progress,
    quiet::Moment,
    senders::LaneKey,
    settings::{
        ACK_EVERY, BATCH, GATHER, HELD_RECORDS, LOOK_AGAIN, LOOKS_AT_ONCE, LOOKS_WAITING,
        READY_NOTES, STANDING,
    },
    standing::Standing,
};
use crate::consumer::Pauses;

/// What ran beside the loop and came back.
enum Done {
    Looked(Look, EngineResult<Seen>),
    Tried(LaneKey, Key, Errand, Try),
    Cleared(EngineResult<Vec<(LaneKey, Key, Errand)>>),
}

/// Works until the queue fails.
pub(super) async fn work(push: &Arc<Push>, pauses: &mut Pauses) -> EngineResult<Infallible> {
    let consumer = push.ports.queue.join(QueueGroup::Push).await?;
    pauses.reset();
    let (taken, records) = mpsc::channel(1);
    let acked = watch::Sender::new(0);
    let acks = acked.subscribe();
    let mut worker = Worker {
        push: Arc::clone(push),
        progress: Progress::new(HELD_RECORDS),
        looks: Looks::default(),
        looking: 0,
        lanes: Lanes::new(push.settings.concurrency),
        standing: Standing::new(STANDING),
        running: JoinSet::new(),
        acked,
    };
    tokio::select! {
        failed = read(consumer, taken, acks) => failed,
        never = worker.run(records) => match never {},
    }
}

/// Takes records and acknowledges what is through, one after the other: neither is cut short by what else happens.
async fn read(
    mut consumer: Box<dyn Consumer>,
    taken: mpsc::Sender<Vec<QueueRecord>>,
    mut acks: watch::Receiver<u64>,
) -> EngineResult<Infallible> {
    loop {
        let ended = || EngineError::Unavailable("the push worker ended".into());
        tokio::select! {
            records = consumer.next(BATCH) => {
                let records = records?;
                let are_few = records.len() < BATCH;
                let mut sending = std::pin::pin!(taken.send(records));
                // While there is no room for them, what is through is acknowledged all the same.
                loop {
                    tokio::select! {
                        sent = &mut sending => break sent.map_err(|_| ended())?,
                        _ = acks.changed() => {
                            let position = *acks.borrow_and_update();
                            consumer.ack(position).await?;
                        }
                    }
                }
                if are_few {
                    sleep(GATHER).await;
                }
            }
            _ = acks.changed() => {
                let position = *acks.borrow_and_update();
                consumer.ack(position).await?;
            }
        }
    }
}

struct Worker {
    push: Arc<Push>,
    progress: Progress,
    looks: Looks,
    looking: usize,
    lanes: Lanes,
    standing: Standing,
    running: JoinSet<Done>,
    acked: watch::Sender<u64>,
}

impl Worker {
    async fn run(&mut self, mut records: mpsc::Receiver<Vec<QueueRecord>>) -> Infallible {
        let push = Arc::clone(&self.push);
        let mut hearing = push.hearing.lock().await;
        let mut ack_at = Instant::now() + ACK_EVERY;
        loop {
            self.start();
            let due = self.next_due().unwrap_or(ack_at).min(ack_at);
            let has_room = self.looks.weight() < LOOKS_WAITING && self.lanes.ready() < READY_NOTES;
            tokio::select! {
                Some(taken) = records.recv(), if has_room => self.take(taken),
                Some(done) = self.running.join_next(), if !self.running.is_empty() => {
                    self.came_back(done);
                }
                Some(read) = hearing.recv() => self.has_read(read),
                () = sleep_until(due) => {}
            }
            if ack_at <= Instant::now() {
                ack_at = Instant::now() + ACK_EVERY;
                self.acknowledge();
            }
        }
    }

    /// Returns when there is something to do that nobody comes back for.
    fn next_due(&self) -> Option<Instant> {
        let look = self
            .looks
            .next_due()
            .filter(|_| self.looking < LOOKS_AT_ONCE);
        let note = self.lanes.next_due();
        look.into_iter().chain(note).min()
    }

    fn take(&mut self, records: Vec<QueueRecord>) {
        let changes = self.push.ports.device_changes.count();
        let elapsed = self.push.ports.clock.elapsed();
        let now = Instant::now();
        for record in records {
            let ticket = self.progress.open(record.position);
            let moment = Moment::of(&record.row, changes, elapsed);
            if self.push.quiet.holds(record.chat, moment) {
                continue;
            }
            if let Some(notice) = Notice::of(&record, moment, ticket) {
                let look = Look {
                    notice: Arc::new(notice),
                    stage: Stage::Came,
                    users: None,
                };
                self.looks.add(look, now);
            }
        }
    }

    /// Starts all that is due and has room.
    fn start(&mut self) {
        let now = Instant::now();
        while self.looking < LOOKS_AT_ONCE
            && let Some(look) = self.looks.take(now)
        {
            self.looking += 1;
            let push = Arc::clone(&self.push);
            self.spawn(async move {
                let seen = push.look(&look).await;
                Done::Looked(look, seen)
            });
        }
        for (lane, key, errand) in self.lanes.start(now) {
            if let What::Message { seq, .. } = errand.what {
                // Before it is sent: what is read from now on takes it back.
                self.standing.add(&key, seq);
            }
            let push = Arc::clone(&self.push);
            self.spawn(async move {
                let tried = push.deliver(&key, &errand).await;
                Done::Tried(lane, key, errand, tried)
            });
        }
        self.push.counts.set_waiting(self.lanes.waiting());
    }

    /// Runs something beside the loop; cut short with it.
    fn spawn(&mut self, job: impl Future<Output = Done> + Send + 'static) {
        let job = self.push.jobs.track_future(job);
        self.running.spawn(job);
    }

    fn came_back(&mut self, done: Result<Done, tokio::task::JoinError>) {
        match done {
            Ok(Done::Looked(look, seen)) => {
                self.looking -= 1;
                self.looked(look, seen);
            }
            Ok(Done::Tried(lane, key, errand, tried)) => self.tried(lane, key, errand, tried),
            Ok(Done::Cleared(Ok(errands))) => self.put(errands),
            Ok(Done::Cleared(Err(error))) => {
                tracing::warn!(%error, "a note that was read elsewhere stays");
            }
            // A fault of this program; its lane and look keep the room they had.
            Err(error) => tracing::error!(%error, "a push was cut short"),
        }
    }

    fn looked(&mut self, look: Look, seen: EngineResult<Seen>) {
        let now = Instant::now();
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => {
                tracing::warn!(%error, "whom a message is told can't be read; tried again");
                return self.looks.add(look, now + LOOK_AGAIN);
            }
        };
        self.put(seen.errands);
        if seen.later.is_empty() {
            return;
        }
        let settings = &self.push.settings;
        let (stage, due) = match look.stage {
            Stage::Came => {
                let came = look.notice.sent_at.unix_millis();
                let age_ms = self.push.ports.clock.now().unix_millis() - came;
                let age = Duration::from_millis(u64::try_from(age_ms).unwrap_or(0));
                (
                    Stage::Acknowledged,
                    now + settings.delay.saturating_sub(age),
                )
            }
            Stage::Acknowledged if settings.unread_delay.is_zero() => return,
            Stage::Acknowledged | Stage::Unread => (Stage::Unread, now + settings.unread_delay),
        };
        let later = Look {
            stage,
            users: Some(seen.later),
            ..look
        };
        self.looks.add(later, due);
    }

    fn tried(&mut self, lane: LaneKey, key: Key, mut errand: Errand, tried: Try) {
        match tried.tried {
            Tried::Told => {}
            Tried::Over => {
                if matches!(errand.what, What::Message { .. }) {
                    self.standing.remove(&key);
                }
            }
            Tried::Again(wait) => {
                errand.attempts += 1;
                let at = Instant::now() + wait;
                if self.lanes.put_back(lane.clone(), key.clone(), errand, at) {
                    self.push.counts.dropped();
                }
            }
        }
        self.lanes.done(&lane, &key, tried.works);
    }

    fn put(&mut self, errands: Vec<(LaneKey, Key, Errand)>) {
        for (lane, key, errand) in errands {
            if let What::Message { seq, .. } = errand.what
                && self.standing.is_past(&key, seq)
            {
                continue;
            }
            if self.lanes.put(lane, key, errand) {
                self.push.counts.dropped();
            }
        }
    }

    fn has_read(&mut self, read: HasRead) {
        let devices = self.standing.read(&read.user, read.chat, read.through);
        if devices.is_empty() {
            return;
        }
        let push = Arc::clone(&self.push);
        self.spawn(async move { Done::Cleared(push.clears(&read, devices).await) });
    }

    fn acknowledge(&self) {
        let through = self.progress.through();
        self.acked.send_if_modified(|acked| {
            let moved = *acked < through;
            *acked = through.max(*acked);
            moved
        });
    }
}
