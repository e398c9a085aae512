//! The one thread that writes: many callers, one batch, one sync.

use std::{sync::Arc, thread::JoinHandle, time::Instant};

use chinwag_core::{
    Clock,
    ports::{EngineError, EngineResult},
};
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::{
    batch::Batch,
    confirmer::{Confirm, Confirmer, Group},
};
use crate::disk::Room;

/// How many requests wait at most; who comes then waits to be let in.
const WAITING: usize = 1_024;
/// Unawaited writes that wait at most for a group to go along with.
const UNAWAITED: usize = 256;
/// From how many events on a group takes no more: with 16 KiB each, 64 MiB at worst.
const GROUP_EVENTS: usize = 4_096;

/// What a caller wants written.
struct Request {
    /// How many events it may write; counts against the group's bound.
    events: usize,
    apply: Apply,
}

/// Writes to the batch, or learns why nothing is written, and returns what answers the caller.
type Apply = Box<dyn FnOnce(EngineResult<&mut Batch>) -> Confirm + Send>;

/// What nobody waits for: it goes along with the next group, and alone only at the end.
type Unawaited = Arc<Mutex<Vec<Box<dyn FnOnce(&mut Batch) -> EngineResult<()> + Send>>>>;

/// Where callers hand in what they want written.
pub(super) struct Committer {
    requests: mpsc::Sender<Request>,
    unawaited: Unawaited,
}

impl Committer {
    /// Starts the thread; it ends once this is dropped and all that waited is written.
    pub(super) fn start(
        batch: Batch,
        room: Room,
        clock: Arc<dyn Clock>,
        confirmer: Confirmer,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (requests, waiting) = mpsc::channel(WAITING);
        let unawaited = Unawaited::default();
        let writing = Writing {
            batch,
            room,
            clock,
            confirmer,
            unawaited: Arc::clone(&unawaited),
        };
        let thread = std::thread::Builder::new()
            .name("commit".into())
            .spawn(move || writing.run(waiting))?;
        let committer = Self {
            requests,
            unawaited,
        };
        Ok((committer, thread))
    }

    /// Writes, and returns once it is durable and the high-water mark says so.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        events: usize,
        write: impl FnOnce(&mut Batch) -> EngineResult<T> + Send + 'static,
    ) -> EngineResult<T> {
        let (reply, answer) = oneshot::channel();
        let apply = move |batch: EngineResult<&mut Batch>| -> Confirm {
            let written = batch.and_then(write);
            Box::new(move |durable: EngineResult<()>| {
                // Nobody listens where the caller gave up waiting; the write holds all the same.
                let _ = reply.send(written.and_then(|value| durable.map(|()| value)));
            })
        };
        let request = Request {
            events,
            apply: Box::new(apply),
        };
        self.requests.send(request).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Writes with the next group, or not at all where too much waits: for what only repeats work when it is lost, and
    /// is written again with the next of its kind.
    ///
    /// A group of its own would cost a commit for each group of events. A running node writes at least its lease.
    pub(super) fn write_unawaited(
        &self,
        write: impl FnOnce(&mut Batch) -> EngineResult<()> + Send + 'static,
    ) {
        let mut unawaited = self.unawaited.lock();
        if unawaited.len() < UNAWAITED {
            unawaited.push(Box::new(write));
        } else {
            tracing::debug!("a queue position was not stored; its records may come again");
        }
    }
}

fn stopped() -> EngineError {
    EngineError::Unavailable("the store was closed".into())
}

/// The thread's own.
struct Writing {
    batch: Batch,
    room: Room,
    clock: Arc<dyn Clock>,
    confirmer: Confirmer,
    unawaited: Unawaited,
}

impl Writing {
    fn run(mut self, mut waiting: mpsc::Receiver<Request>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut requests = vec![first];
            let mut events = requests[0].events;
            while events < GROUP_EVENTS
                && requests.len() < WAITING
                && let Ok(request) = waiting.try_recv()
            {
                events += request.events;
                requests.push(request);
            }
            if let Err(error) = self.room.check() {
                refuse(requests, &error);
            } else {
                self.write(requests);
            }
        }
        // The last positions in the queue.
        self.batch.begin(self.clock.now());
        self.write_unawaited();
        if let Err(error) = self.batch.sync() {
            tracing::warn!(%error, "the store's last writes were not synced");
        }
    }

    fn write(&mut self, requests: Vec<Request>) {
        self.batch.begin(self.clock.now());
        let count = requests.len();
        let confirms = requests
            .into_iter()
            .map(|request| (request.apply)(Ok(&mut self.batch)))
            .collect();
        self.write_unawaited();
        let started = Instant::now();
        match self.batch.sync() {
            Ok(commit) => self.confirmer.confirm(Group {
                commit,
                requests: count,
                written_in: started.elapsed(),
                confirms,
            }),
            Err(error) => {
                tracing::error!(%error, requests = count, "a group of writes failed");
                answer(confirms, &error);
            }
        }
    }

    fn write_unawaited(&mut self) {
        let unawaited = std::mem::take(&mut *self.unawaited.lock());
        for write in unawaited {
            if let Err(error) = write(&mut self.batch) {
                tracing::debug!(%error, "a queue position was not stored; its records may come again");
            }
        }
    }
}

fn answer(confirms: Vec<Confirm>, error: &EngineError) {
    for confirm in confirms {
        confirm(Err(error.clone()));
    }
}

fn refuse(requests: Vec<Request>, error: &EngineError) {
    for request in requests {
        let confirm = (request.apply)(Err(error.clone()));
        confirm(Err(error.clone()));
    }
}
