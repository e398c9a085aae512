//! What one client asked for and has no answer to yet.

use std::{
    collections::VecDeque,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use chinwag_proto::{ChatId, frames::ServerFrame};
use futures_util::{FutureExt as _, StreamExt as _, stream::FuturesUnordered};
use smallvec::SmallVec;

/// What becomes an answer; none where nothing is to be said.
pub(super) type Answer = Pin<Box<dyn Future<Output = Option<ServerFrame>> + Send>>;

type Change = Pin<Box<dyn Future<Output = (ChatId, Option<ServerFrame>)> + Send>>;

/// Answers that leave in one write.
pub(super) type Answers = SmallVec<[ServerFrame; 1]>;

/// Answers of changes gathered at a time.
const GATHERED: usize = 32;

/// The changes that one client asked for: those of one chat one after the other, in order; those of different chats
/// side by side, so that a slow chat holds up nobody else.
#[derive(Default)]
pub(super) struct Changes {
    running: FuturesUnordered<Change>,
    chats: SmallVec<[ChatId; 2]>,
    waiting: VecDeque<(ChatId, Answer)>,
}

impl Changes {
    /// Begins a change, or lets it wait for the earlier ones of its chat.
    pub(super) fn push(&mut self, chat: ChatId, answer: Answer) {
        if self.chats.contains(&chat) {
            self.waiting.push_back((chat, answer));
            return;
        }
        self.chats.push(chat);
        self.start(chat, answer);
    }

    fn start(&self, chat: ChatId, answer: Answer) {
        self.running
            .push(Box::pin(answer.map(move |frame| (chat, frame))));
    }

    /// Returns how many have no answer yet.
    pub(super) fn len(&self) -> usize {
        self.running.len() + self.waiting.len()
    }

    /// Waits for answers, at least one change's; for ever where nothing was asked for. Returns how many changes came
    /// to their end, and what is to be said.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(u32, Answers)> {
        let (mut ended, mut answers) = (0, Answers::new());
        while answers.len() < GATHERED
            && let Poll::Ready(Some((chat, frame))) = self.running.poll_next_unpin(context)
        {
            ended += 1;
            answers.extend(frame);
            self.ended(chat);
        }
        if ended == 0 {
            return Poll::Pending;
        }
        Poll::Ready((ended, answers))
    }

    fn ended(&mut self, chat: ChatId) {
        let next = self.waiting.iter().position(|(other, _)| *other == chat);
        match next.and_then(|next| self.waiting.remove(next)) {
            Some((chat, answer)) => self.start(chat, answer),
            None => self.chats.retain(|other| *other != chat),
        }
    }

    /// Lets all of them take effect, though nobody waits for the answers.
    pub(super) async fn finish(mut self) {
        while self.len() > 0 {
            poll_fn(|context| self.poll_next(context)).await;
        }
    }
}

/// The reads that one client asked for: one at a time, in order.
#[derive(Default)]
pub(super) struct Queries {
    running: Option<Answer>,
    waiting: VecDeque<Answer>,
}

impl Queries {
    pub(super) fn push(&mut self, answer: Answer) {
        self.waiting.push_back(answer);
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.running.is_some()) + self.waiting.len()
    }

    /// Waits for the next answer; for ever where nothing was asked for. A query is begun only while `may_begin`:
    /// it is asked again each time the task is polled.
    pub(super) fn poll_next(
        &mut self,
        may_begin: impl Fn() -> bool,
        context: &mut Context<'_>,
    ) -> Poll<Option<ServerFrame>> {
        if self.running.is_none() && may_begin() {
            self.running = self.waiting.pop_front();
        }
        let Some(running) = &mut self.running else {
            return Poll::Pending;
        };
        let answer = ready!(running.as_mut().poll(context));
        self.running = None;
        Poll::Ready(answer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    /// A change that ends when the sender is used; its answer carries the number.
    fn change(number: u64) -> (oneshot::Sender<()>, Answer) {
        let (end, ended) = oneshot::channel();
        let answer = async move {
            ended.await.ok()?;
            Some(ServerFrame::Ok { id: Some(number) })
        };
        (end, Box::pin(answer))
    }

    fn ids(answers: &Answers) -> Vec<u64> {
        let id = |frame: &ServerFrame| match frame {
            ServerFrame::Ok { id } => id.unwrap(),
            other => panic!("{other:?}"),
        };
        answers.iter().map(id).collect()
    }

    fn next(changes: &mut Changes) -> impl Future<Output = (u32, Answers)> {
        poll_fn(|context| changes.poll_next(context))
    }

    #[tokio::test]
    async fn changes_of_one_chat_are_answered_in_order_and_hold_up_no_other_chat() {
        let mut changes = Changes::default();
        let (first, answer) = change(1);
        changes.push(ChatId(7), answer);
        let (second, answer) = change(2);
        changes.push(ChatId(7), answer);
        let (other, answer) = change(3);
        changes.push(ChatId(8), answer);
        second.send(()).unwrap();
        other.send(()).unwrap();
        assert_eq!(ids(&next(&mut changes).await.1), [3]);
        assert!(next(&mut changes).now_or_never().is_none());
        first.send(()).unwrap();
        assert_eq!(ids(&next(&mut changes).await.1), [1, 2]);
        assert_eq!(changes.len(), 0);
    }

    #[tokio::test]
    async fn a_query_waits_until_it_may_begin() {
        let mut queries = Queries::default();
        let (end, answer) = change(1);
        end.send(()).unwrap();
        queries.push(answer);
        let held_up = poll_fn(|context| queries.poll_next(|| false, context));
        assert!(held_up.now_or_never().is_none());
        let begun = poll_fn(|context| queries.poll_next(|| true, context));
        assert!(begun.await.is_some());
        assert_eq!(queries.len(), 0);
    }
}
