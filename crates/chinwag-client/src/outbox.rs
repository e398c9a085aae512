//! What waits to be acknowledged, in order; resent under the same client id until it is answered for good.

use std::{collections::VecDeque, time::Duration};

use chinwag_proto::{
    ChatId, ClientId, ErrorCode, Problem, Timestamp,
    frames::{Request, ServerFrame},
};
use tokio::{sync::oneshot, time::Instant};

use crate::ClientError;

/// Gives client ids; a clock that runs ahead is corrected by the server's time.
#[derive(Debug, Default)]
pub(crate) struct ClientIds {
    ahead_ms: i64,
}

impl ClientIds {
    /// Makes a UUIDv7 by the corrected clock.
    pub(crate) fn next(&self, now: Timestamp) -> ClientId {
        let millis = u64::try_from(now.unix_millis() - self.ahead_ms).unwrap_or_default();
        let nanos = u32::try_from(millis % 1_000).unwrap_or_default() * 1_000_000;
        let time = uuid::Timestamp::from_unix(uuid::NoContext, millis / 1_000, nanos);
        ClientId::new(&uuid::Uuid::new_v7(time).to_string()).expect("a UUID is a client id")
    }

    /// Learns how far the own clock is ahead.
    pub(crate) fn correct(&mut self, now: Timestamp, server: Timestamp) {
        self.ahead_ms = now.unix_millis() - server.unix_millis();
    }
}

/// Tells who waits for an answer.
pub(crate) type Answer = oneshot::Sender<Result<ServerFrame, ClientError>>;

/// A change that waits for its answer.
pub(crate) struct Waiting {
    pub(crate) chat: ChatId,
    pub(crate) request: Request,
    pub(crate) answer: Option<Answer>,
    /// The number it was sent under on this connection.
    pub(crate) number: Option<u64>,
    /// Until when the server wants it not to come again, and whatever follows it in its chat.
    pub(crate) rests_until: Option<Instant>,
}

/// Changes in the order in which they were made.
pub(crate) struct Outbox {
    waiting: VecDeque<Waiting>,
    bound: usize,
}

/// What becomes of a change, kept until the app was told what it did: whoever waits for the answer knows it then.
#[derive(Default)]
pub(crate) struct Settled(Option<(Answer, Result<ServerFrame, ClientError>)>);

impl Settled {
    /// Tells who waits.
    pub(crate) fn answer(self) {
        if let Some((answer, result)) = self.0 {
            let _ = answer.send(result);
        }
    }
}

impl Outbox {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            bound,
        }
    }

    /// Takes a change; refuses it where too many wait.
    pub(crate) fn push(&mut self, chat: ChatId, request: Request, answer: Answer) -> bool {
        if self.waiting.len() >= self.bound {
            let _ = answer.send(Err(ClientError::OutboxFull));
            return false;
        }
        self.waiting.push_back(Waiting {
            chat,
            request,
            answer: Some(answer),
            number: None,
            rests_until: None,
        });
        true
    }

    /// Returns what waits, in order.
    pub(crate) fn list(&self) -> Vec<(ChatId, Request)> {
        let waiting = self.waiting.iter();
        waiting
            .map(|waiting| (waiting.chat, waiting.request.clone()))
            .collect()
    }

    /// Forgets the numbers of a connection that is gone: everything is sent again.
    pub(crate) fn disconnected(&mut self) {
        for waiting in &mut self.waiting {
            (waiting.number, waiting.rests_until) = (None, None);
        }
    }

    /// Returns when something may be sent again that rests.
    pub(crate) fn due(&self) -> Option<Instant> {
        let waiting = self.waiting.iter();
        waiting.filter_map(|waiting| waiting.rests_until).min()
    }

    /// Numbers and returns what may be sent now: of each chat only the first, so that order holds over failures.
    pub(crate) fn sendable(
        &mut self,
        now: Instant,
        mut number: impl FnMut() -> u64,
    ) -> Vec<(u64, Request)> {
        let mut busy = std::collections::HashSet::new();
        let mut sendable = Vec::new();
        for waiting in &mut self.waiting {
            if waiting.rests_until.is_some_and(|until| until <= now) {
                waiting.rests_until = None;
            }
            let may = waiting.number.is_none() && waiting.rests_until.is_none();
            if busy.insert(waiting.chat) && may {
                let id = number();
                waiting.number = Some(id);
                sendable.push((id, waiting.request.clone()));
            }
        }
        sendable
    }

    /// Returns the chat of the change that was sent under a number.
    pub(crate) fn chat_of(&self, number: u64) -> Option<ChatId> {
        Some(
            self.waiting
                .iter()
                .find(|waiting| waiting.number == Some(number))?
                .chat,
        )
    }

    /// Takes an answer; none where the number isn't of the outbox. What is to be sent again rests for as long as the
    /// server says.
    pub(crate) fn answered(
        &mut self,
        number: u64,
        frame: ServerFrame,
        ids: &mut ClientIds,
        now: Timestamp,
    ) -> Option<Settled> {
        let index = self
            .waiting
            .iter()
            .position(|waiting| waiting.number == Some(number))?;
        let ServerFrame::Error { error, .. } = frame else {
            return Some(self.finish(index, Ok(frame)));
        };
        if error.retryable {
            let after = Duration::from_millis(error.retry_after_ms.unwrap_or(1_000));
            let waiting = &mut self.waiting[index];
            waiting.number = None;
            waiting.rests_until = Some(Instant::now() + after);
            return Some(Settled::default());
        }
        if error.code == ErrorCode::ClientIdFromFuture && self.renew(index, &error, ids, now) {
            return Some(Settled::default());
        }
        Some(self.finish(index, Err(error.into())))
    }

    /// Gives everything up.
    pub(crate) fn close(&mut self, reason: &str) {
        for waiting in self.waiting.drain(..) {
            if let Some(answer) = waiting.answer {
                let _ = answer.send(Err(ClientError::Closed(reason.to_owned())));
            }
        }
    }

    fn finish(&mut self, index: usize, result: Result<ServerFrame, ClientError>) -> Settled {
        let waiting = self.waiting.remove(index);
        let answer = waiting.and_then(|waiting| waiting.answer);
        Settled(answer.map(|answer| (answer, result)))
    }

    /// Corrects the clock and gives the same change a new id; the server says that it holds nothing of the old one.
    fn renew(
        &mut self,
        index: usize,
        error: &Problem,
        ids: &mut ClientIds,
        now: Timestamp,
    ) -> bool {
        let Some(server) = error.server_time else {
            return false;
        };
        ids.correct(now, server);
        let waiting = &mut self.waiting[index];
        waiting.number = None;
        let Some(client_id) = waiting.request.client_id_mut() else {
            return false;
        };
        *client_id = Some(ids.next(now));
        true
    }
}

#[cfg(test)]
mod tests {
    use chinwag_proto::frames::SendFrame;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix_millis(1_800_000_000_000);

    fn send(chat: u64, content: &str, ids: &ClientIds) -> Request {
        Request::Send(SendFrame {
            chat_id: ChatId(chat),
            client_id: Some(ids.next(NOW)),
            content: content.into(),
            reply_to: None,
            mentions: Vec::new(),
            metadata: Default::default(),
            timestamp: None,
        })
    }

    fn client_id(request: &Request) -> ClientId {
        match request {
            Request::Send(frame) => frame.client_id.clone().unwrap(),
            _ => panic!("a send"),
        }
    }

    fn error(problem: Problem) -> ServerFrame {
        ServerFrame::Error {
            id: None,
            error: problem,
        }
    }

    #[test]
    fn after_a_lost_connection_the_same_client_id_is_sent_again_in_order() {
        let (mut outbox, ids) = (Outbox::new(10), ClientIds::default());
        for (chat, content) in [(1, "a"), (1, "b"), (2, "c")] {
            outbox.push(
                ChatId(chat),
                send(chat, content, &ids),
                oneshot::channel().0,
            );
        }
        let mut number = 0;
        let mut next = || {
            number += 1;
            number
        };
        let first = outbox.sendable(Instant::now(), &mut next);
        assert_eq!(first.len(), 2, "one a chat");
        outbox.disconnected();
        let again = outbox.sendable(Instant::now(), &mut next);
        assert_eq!(client_id(&first[0].1), client_id(&again[0].1));
        assert_eq!(client_id(&first[1].1), client_id(&again[1].1));
    }

    #[test]
    fn an_unknown_outcome_is_tried_again_and_a_refusal_is_told() {
        let (mut outbox, mut ids) = (Outbox::new(10), ClientIds::default());
        let (answer, mut told) = oneshot::channel();
        outbox.push(ChatId(1), send(1, "a", &ids), answer);
        outbox.sendable(Instant::now(), || 1);
        outbox.push(ChatId(1), send(1, "b", &ids), oneshot::channel().0);
        let unknown = error(Problem::new(ErrorCode::UnknownOutcome, "").retry_after(60_000));
        assert!(outbox.answered(1, unknown, &mut ids, NOW).is_some());
        let early = outbox.sendable(Instant::now(), || 2);
        assert!(early.is_empty(), "neither it nor what follows it");
        let due = outbox.due().unwrap();
        assert!(due > Instant::now() + Duration::from_secs(30));
        assert_eq!(outbox.sendable(due, || 2).len(), 1);
        assert_eq!(outbox.due(), None);
        let refused = error(Problem::new(ErrorCode::NotFound, ""));
        let settled = outbox.answered(2, refused, &mut ids, NOW).unwrap();
        assert!(
            told.try_recv().is_err(),
            "first the app is told what was done"
        );
        settled.answer();
        assert!(matches!(
            told.try_recv().unwrap(),
            Err(ClientError::Refused(_))
        ));
    }

    #[test]
    fn a_clock_that_runs_ahead_is_corrected_and_the_message_goes_under_a_new_id() {
        let (mut outbox, mut ids) = (Outbox::new(10), ClientIds::default());
        outbox.push(ChatId(1), send(1, "a", &ids), oneshot::channel().0);
        let first = client_id(&outbox.sendable(Instant::now(), || 1)[0].1);
        let mut problem = Problem::new(ErrorCode::ClientIdFromFuture, "");
        problem.server_time = Some(NOW.plus_millis(-600_000));
        assert!(outbox.answered(1, error(problem), &mut ids, NOW).is_some());
        let second = client_id(&outbox.sendable(Instant::now(), || 2)[0].1);
        assert_ne!(first, second);
        assert_eq!(second.uuid_v7_time().unwrap(), NOW.plus_millis(-600_000));
    }

    #[test]
    fn the_outbox_is_bounded() {
        let (mut outbox, ids) = (Outbox::new(1), ClientIds::default());
        assert!(outbox.push(ChatId(1), send(1, "a", &ids), oneshot::channel().0));
        let (answer, mut told) = oneshot::channel();
        assert!(!outbox.push(ChatId(1), send(1, "b", &ids), answer));
        assert!(matches!(
            told.try_recv().unwrap(),
            Err(ClientError::OutboxFull)
        ));
    }
}
