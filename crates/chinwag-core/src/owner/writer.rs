//! Brings stamped events to the store, in order, and what follows once they are confirmed (rules A1–A3, S4).

use std::{
    future::{Future, poll_fn},
    sync::Arc,
    task::Poll,
    time::Duration,
};

use chinwag_proto::{ChatId, ErrorCode, Problem};

use super::{
    Owner,
    chat::{Chat, Waiting},
    failpoint::Failpoint,
};
use crate::ports::{Append, EngineError, EngineResult, Follow};

/// Events that go to the store in one call.
const BATCH: usize = 256;
/// From how many recipients on a delivery lets acknowledgements go first: its sends take longer than a turn costs.
const LONG: usize = 16;
/// How long to wait before the same rows are written again; doubles up to the last.
const RETRY_FIRST: Duration = Duration::from_millis(20);
const RETRY_LAST: Duration = Duration::from_secs(1);

impl Owner {
    /// Starts to write a chat's waiting events unless somebody does already; called with the state just unlocked.
    pub(super) fn start_writing(self: &Arc<Self>, id: ChatId, chat: &Arc<Chat>) {
        {
            let mut state = chat.state();
            if state.writing || state.waiting.is_empty() {
                return;
            }
            state.writing = true;
        }
        let (owner, chat) = (Arc::clone(self), Arc::clone(chat));
        self.tasks.spawn(async move { owner.write(id, chat).await });
    }

    async fn write(self: Arc<Self>, id: ChatId, chat: Arc<Chat>) {
        loop {
            let mut batch: Vec<Waiting> = {
                let mut state = chat.state();
                if state.waiting.is_empty() {
                    state.writing = false;
                    drop(state);
                    return chat.moved.notify_waiters();
                }
                let count = state.waiting.len().min(BATCH);
                state.waiting.drain(..count).collect()
            };
            let marked = if self.ports.marks.is_some() {
                // Boxed, since a task is as large as its largest state, and most have nothing to mark.
                Box::pin(self.mark_batch(id, &chat, &mut batch)).await
            } else {
                Ok(())
            };
            let written = match marked {
                Ok(()) => {
                    Failpoint::Stamped.reach().await;
                    self.append(id, &chat, &batch).await
                }
                Err(problem) => Err(problem),
            };
            match written {
                Ok(()) => {
                    Failpoint::Stored.reach().await;
                    self.confirm(&chat, &mut batch);
                    self.start_publishing(id, &chat).await;
                }
                Err(problem) => return self.retire(id, &chat, batch, &problem),
            }
        }
    }

    /// Marks a batch as not queued yet.
    async fn mark_batch(
        &self,
        id: ChatId,
        chat: &Chat,
        batch: &mut [Waiting],
    ) -> Result<(), Problem> {
        let Some(first) = batch.first() else {
            return Ok(());
        };
        let minute = self
            .mark(id, chat, first.append.row.seq, batch.len())
            .await?;
        for waiting in batch {
            waiting.outgoing.minute = minute;
        }
        Ok(())
    }

    /// Writes a batch: in one step, or, where an append may be there in part, what it changes in earlier rows in a
    /// second one, once the events are confirmed and the chat is still this node's. Whoever takes the chat over in
    /// between finds the events, and sees what they lack (rules S2, T2).
    async fn append(&self, id: ChatId, chat: &Chat, batch: &[Waiting]) -> Result<(), Problem> {
        let store = &self.ports.store;
        if !store.amends_apart() || !batch.iter().any(|waiting| changes_before(&waiting.append)) {
            let whole = || batch.iter().map(|waiting| waiting.append.clone()).collect();
            return self
                .until_confirmed_by(id, chat, || store.append(whole()))
                .await;
        }
        let (events, changes) = apart(batch);
        let in_two_steps = async {
            self.until_confirmed_by(id, chat, || store.append(events.clone()))
                .await?;
            self.until_confirmed_by(id, chat, || store.amend(changes.clone()))
                .await
        };
        Box::pin(in_two_steps).await
    }

    /// Writes the same until it is confirmed, or can't have been written, or the lease is over.
    async fn until_confirmed_by<F>(
        &self,
        id: ChatId,
        chat: &Chat,
        write: impl Fn() -> F,
    ) -> Result<(), Problem>
    where
        F: Future<Output = EngineResult<()>>,
    {
        let mut pause = RETRY_FIRST;
        loop {
            let error = match write().await {
                // The lease is checked after the confirmation, before anything is told (rule O5).
                Ok(()) if self.is_current(id, chat) => {
                    return Ok(());
                }
                Ok(()) => return Err(unknown_outcome()),
                Err(error) => error,
            };
            match error {
                EngineError::Full(_) | EngineError::ReadOnly => return Err(error.into()),
                EngineError::Unavailable(_) | EngineError::Damaged(_) => {
                    tracing::warn!(chat = %id, %error, "append failed; writing the same rows again");
                    if !self.is_current(id, chat) || self.stopping.is_cancelled() {
                        return Err(unknown_outcome());
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RETRY_LAST);
                }
            }
        }
    }

    fn confirm(&self, chat: &Chat, batch: &mut Vec<Waiting>) {
        let answers: Vec<_> = {
            let mut state = chat.state();
            if let Some(last) = batch.last() {
                state.confirmed = last.append.row.seq;
            }
            state.forget_confirmed();
            let take = |waiting: Waiting| {
                state.outgoing.push_back((waiting.append, waiting.outgoing));
                waiting.done
            };
            batch.drain(..).filter_map(take).collect()
        };
        for answer in answers {
            let _ = answer.send(Ok(()));
        }
        chat.moved.notify_waiters();
    }

    /// Gives up a chat whose events could not be written: all who wait are told, and the next one loads it anew.
    fn retire(&self, id: ChatId, chat: &Arc<Chat>, batch: Vec<Waiting>, problem: &Problem) {
        let waiting: Vec<Waiting> = {
            let mut state = chat.state();
            state.retired = true;
            state.writing = false;
            batch.into_iter().chain(state.waiting.drain(..)).collect()
        };
        self.cache.remove(id, chat);
        for answer in waiting.into_iter().filter_map(|waiting| waiting.done) {
            let _ = answer.send(Err(problem.clone()));
        }
        chat.moved.notify_waiters();
    }

    /// Publishes what is confirmed, at once where nothing has to be waited for, else in a task of its own: an
    /// acknowledgement waits for the store and for nothing else.
    async fn start_publishing(self: &Arc<Self>, id: ChatId, chat: &Arc<Chat>) {
        let is_long = {
            let mut state = chat.state();
            if state.publishing || state.outgoing.is_empty() {
                return;
            }
            state.publishing = true;
            state
                .outgoing
                .iter()
                .map(|(_, outgoing)| outgoing.recipients())
                .sum::<usize>()
                >= LONG
        };
        if is_long {
            // Those who were just told to acknowledge are next on this very thread: they go first.
            tokio::task::yield_now().await;
        }
        let mut publishing = Box::pin(Arc::clone(self).publish(id, Arc::clone(chat)));
        let first = poll_fn(|context| Poll::Ready(publishing.as_mut().poll(context))).await;
        if first.is_pending() {
            self.tasks.spawn(publishing);
        }
    }
}

/// Returns whether an event changes earlier rows.
fn changes_before(append: &Append) -> bool {
    let seq = append.row.seq;
    append
        .follows
        .iter()
        .any(|follow| follow.changes_before(seq))
}

/// Divides what is to be written into the events with what must be there before them, and what they change in earlier
/// rows.
fn apart(batch: &[Waiting]) -> (Vec<Append>, Vec<Append>) {
    let (mut events, mut changes) = (Vec::with_capacity(batch.len()), Vec::new());
    for waiting in batch {
        let seq = waiting.append.row.seq;
        let (after, before): (Vec<Follow>, Vec<Follow>) = waiting
            .append
            .follows
            .iter()
            .cloned()
            .partition(|follow| follow.changes_before(seq));
        events.push(Append {
            follows: before,
            ..waiting.append.clone()
        });
        if !after.is_empty() {
            changes.push(Append {
                follows: after,
                ..waiting.append.clone()
            });
        }
    }
    (events, changes)
}

/// Makes the answer for a request that may or may not have taken effect.
pub(super) fn unknown_outcome() -> Problem {
    let detail =
        "not confirmed in time; it may have taken effect: repeat it with the same clientId";
    Problem::new(ErrorCode::UnknownOutcome, detail).retry_after(1_000)
}
