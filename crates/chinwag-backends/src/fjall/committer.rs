//! The one thread that writes: many callers, one batch, one sync.

use std::{sync::Arc, thread::JoinHandle, time::Instant};

use chinwag_core::{
    Clock,
    ports::{EngineError, EngineResult},
};
use tokio::sync::{mpsc, oneshot};

use super::{
    batch::Batch,
    confirmer::{Confirm, Confirmer, Group},
};
use crate::disk::Room;

/// How many requests wait at most; who comes then waits to be let in.
const WAITING: usize = 1_024;
/// From how many events on a group takes no more: with 16 KiB each, 64 MiB at worst.
const GROUP_EVENTS: usize = 4_096;

/// What a caller wants written.
struct Request {
    /// How many events it may write; counts against the group's bound.
    events: usize,
    /// Whether anyone waits until it is durable.
    awaited: bool,
    apply: Apply,
}

/// Writes to the batch, or learns why nothing is written, and returns what answers the caller.
type Apply = Box<dyn FnOnce(EngineResult<&mut Batch>) -> Confirm + Send>;

/// Where callers hand in what they want written.
pub(super) struct Committer {
    requests: mpsc::Sender<Request>,
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
        let writing = Writing {
            batch,
            room,
            clock,
            confirmer,
        };
        let thread = std::thread::Builder::new()
            .name("commit".into())
            .spawn(move || writing.run(waiting))?;
        Ok((Self { requests }, thread))
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
            awaited: true,
            apply: Box::new(apply),
        };
        self.requests.send(request).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    /// Writes some time, durable with the next sync, or not at all where too much waits: for what only repeats work
    /// when it is lost, and is written again with the next of its kind.
    pub(super) fn write_unawaited(
        &self,
        write: impl FnOnce(&mut Batch) -> EngineResult<()> + Send + 'static,
    ) {
        let apply = move |batch: EngineResult<&mut Batch>| -> Confirm {
            if let Err(error) = batch.and_then(write) {
                tracing::debug!(%error, "a queue position was not stored; its records may come again");
            }
            Box::new(|_| ())
        };
        let request = Request {
            events: 0,
            awaited: false,
            apply: Box::new(apply),
        };
        if self.requests.try_send(request).is_err() {
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
        // What nobody waited for: the last positions in the queue.
        if let Err(error) = self.batch.sync() {
            tracing::warn!(%error, "the store's last writes were not synced");
        }
    }

    fn write(&mut self, requests: Vec<Request>) {
        self.batch.begin(self.clock.now());
        let awaited = requests.iter().any(|request| request.awaited);
        let count = requests.len();
        let confirms = requests
            .into_iter()
            .map(|request| (request.apply)(Ok(&mut self.batch)))
            .collect();
        let started = Instant::now();
        let written = if awaited {
            self.batch.sync().map(Some)
        } else {
            self.batch.settle().map(|()| None)
        };
        match written {
            Ok(None) => {}
            Ok(Some(commit)) => self.confirmer.confirm(Group {
                commit,
                requests: count,
                written_in: started.elapsed(),
                confirms,
            }),
            Err(error) => {
                tracing::error!(%error, requests = count, "a group of writes failed");
                for confirm in confirms {
                    confirm(Err(error.clone()));
                }
            }
        }
    }
}

fn refuse(requests: Vec<Request>, error: &EngineError) {
    for request in requests {
        let confirm = (request.apply)(Err(error.clone()));
        confirm(Err(error.clone()));
    }
}
