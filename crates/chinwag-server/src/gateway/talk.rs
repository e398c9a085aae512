//! The talk with one client, in its connection's own task.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use chinwag_core::owner::Command;
use chinwag_proto::{
    ChatId, CloseCode,
    frames::{Request, RequestId, ServerFrame},
};
use smallvec::SmallVec;

use super::{
    Gateway,
    admission::no_binary,
    dispatch::{self, refusal},
    encode,
    lanes::{Answers, Changes, Queries},
    marks::{Mark, Marks},
    session::Session,
    typing::Typing,
};
use crate::ws::{Class, Closed, Connection, Incoming, Reader};

/// Requests of one client without an answer; beyond that nothing more is read from it.
const WAITING: usize = 32;
/// How long nothing is read where so many wait, unless an answer comes first.
const FULL_PAUSE: Duration = Duration::from_millis(5);
/// The window of the frame rate, seconds.
const RATE_WINDOW: u32 = 10;
/// What may wait for the socket before the next query is begun, bytes: answers are large, and come one at a time.
const ANSWERS_WAITING: usize = 64 * 1024;

/// The talk with one client. While nothing is asked for it holds nothing but what it counts.
pub(super) struct Talk {
    gateway: Arc<Gateway>,
    session: Arc<Session>,
    reader: Reader,
    work: Option<Box<Work>>,
    heartbeats: u32,
    /// When the frame rate's window began, and the frames in it.
    window: (u32, u32),
}

/// What a client asked for and what its rates need to remember; there only while there is something.
#[derive(Default)]
struct Work {
    changes: Changes,
    queries: Queries,
    marks: Marks,
    typing: Typing,
}

/// What happened next.
enum Next {
    Changed(u32, Answers),
    Answered(Option<ServerFrame>),
    MarksDue,
    Came(Option<Result<Incoming, Closed>>),
}

impl Talk {
    pub(super) fn new(gateway: Arc<Gateway>, session: Arc<Session>, reader: Reader) -> Self {
        Self {
            gateway,
            session,
            reader,
            work: None,
            heartbeats: 0,
            window: (0, 0),
        }
    }

    /// Talks until the connection ends, and ends the session.
    #[expect(
        clippy::manual_async_fn,
        reason = "an async fn keeps its arguments twice"
    )]
    pub(super) fn until_end(mut self) -> impl Future<Output = ()> + Send {
        async move {
            self.run().await;
            // Boxed: an idle session's task must not have the size of its end.
            Box::pin(self.end()).await;
        }
    }

    async fn run(&mut self) {
        loop {
            match self.next().await {
                Next::Changed(ended, answers) => {
                    (0..ended).for_each(|_| self.session.end_change());
                    self.say_all(&answers);
                }
                Next::Answered(answer) => self.say_all(answer.as_slice()),
                Next::MarksDue => self.move_marks(),
                Next::Came(Some(Ok(incoming))) => self.take(incoming),
                Next::Came(Some(Err(_))) => return,
                Next::Came(None) => {}
            }
            self.rest();
        }
    }

    async fn next(&mut self) -> Next {
        let connection = self.session.connection();
        let Some(work) = &mut self.work else {
            return Next::Came(Some(self.reader.read_message(connection).await));
        };
        let Work {
            changes,
            queries,
            marks,
            ..
        } = &mut **work;
        let has_room = changes.len() + queries.len() < WAITING;
        let now = self.gateway.ports.clock.elapsed();
        let marks_due = marks.due_at().map(|at| at.saturating_sub(now));
        let may_begin = || connection.pending_bytes() <= ANSWERS_WAITING;
        // In this order: the socket is written to before it is asked whether it has room for another large answer.
        tokio::select! {
            biased;
            (ended, answers) = changes.next() => Next::Changed(ended, answers),
            () = sleep(marks_due) => Next::MarksDue,
            came = incoming(&mut self.reader, connection, has_room) => Next::Came(came),
            answer = queries.next(may_begin) => Next::Answered(answer),
        }
    }

    /// Lets go what isn't needed any more.
    fn rest(&mut self) {
        let now = self.gateway.ports.clock.elapsed();
        if self.work.as_ref().is_some_and(|work| work.is_idle(now)) {
            self.work = None;
        }
    }

    fn work(&mut self) -> &mut Work {
        self.work.get_or_insert_default()
    }

    fn say(&self, frame: &ServerFrame) {
        self.session.send(frame);
    }

    /// Sends answers in one write.
    fn say_all(&self, answers: &[ServerFrame]) {
        let frames: SmallVec<[Bytes; 1]> = answers.iter().map(encode::frame).collect();
        self.session.send_encoded(&frames, Class::Event);
    }

    fn take(&mut self, incoming: Incoming) {
        let seconds = self.gateway.seconds();
        self.session.heard(seconds);
        self.gateway.count_frame();
        let text = match incoming {
            Incoming::Text(text) => text,
            Incoming::Binary(_) => {
                self.say(&refusal(None, no_binary()));
                return self.session.close(CloseCode::ProtocolError);
            }
            Incoming::Pong => return,
            Incoming::Ping => return self.rate(seconds),
        };
        match dispatch::read(&text) {
            Ok(frame) => {
                if !matches!(frame.request, Request::Heartbeat { .. }) {
                    self.rate(seconds);
                }
                self.take_request(frame.id, frame.request);
            }
            Err((id, problem)) => {
                self.rate(seconds);
                self.say(&refusal(id, problem));
            }
        }
    }

    fn take_request(&mut self, id: Option<RequestId>, request: Request) {
        let request = match dispatch::command(request) {
            Ok((chat, command)) => return self.take_command(id, chat, command),
            Err(request) => request,
        };
        let (gateway, session) = (Arc::clone(&self.gateway), Arc::clone(&self.session));
        match request {
            Request::Heartbeat { chats } => {
                let owed = self.heartbeat_owed(id);
                if chats.is_empty() {
                    if owed {
                        self.say(&ServerFrame::Heartbeat { id, chats });
                    }
                    return;
                }
                let request = Request::Heartbeat { chats };
                let answer = gateway.read(session, id, request, owed);
                self.work().queries.push(Box::pin(answer));
            }
            Request::Auth { token, .. } => {
                let answer = gateway.renew(session, id, token);
                self.work().queries.push(Box::pin(answer));
            }
            Request::WatchPresence { add, remove } => {
                let answer = gateway.watch_request(session, id, add, remove);
                self.work().queries.push(Box::pin(answer));
            }
            request => {
                let answer = gateway.read(session, id, request, true);
                self.work().queries.push(Box::pin(answer));
            }
        }
    }

    fn take_command(&mut self, id: Option<RequestId>, chat: ChatId, command: Command) {
        let now = self.gateway.ports.clock.elapsed();
        match command {
            Command::Typing if !self.work().typing.take(now, chat) => {}
            Command::Read { .. } | Command::Delivered { .. } => {
                let taken = self.work().marks.take(now, Mark { id, chat, command });
                if let Some(covered) = taken.covered {
                    self.say(&ServerFrame::Ok { id: covered.id });
                }
                if let Some(mark) = taken.now {
                    self.change(mark.id, mark.chat, mark.command);
                }
            }
            command => self.change(id, chat, command),
        }
    }

    fn change(&mut self, id: Option<RequestId>, chat: ChatId, command: Command) {
        let (gateway, session) = (Arc::clone(&self.gateway), Arc::clone(&self.session));
        self.session.begin_change();
        let answer = Box::pin(gateway.change(session, id, chat, command));
        self.work().changes.push(chat, answer);
    }

    fn move_marks(&mut self) {
        let now = self.gateway.ports.clock.elapsed();
        for mark in self.work().marks.due(now) {
            self.change(mark.id, mark.chat, mark.command);
        }
    }

    /// Every second heartbeat is answered: the answer's system call is what a heartbeat costs. One with a number
    /// is a request.
    fn heartbeat_owed(&mut self, id: Option<RequestId>) -> bool {
        self.heartbeats = self.heartbeats.wrapping_add(1);
        id.is_some() || self.heartbeats.is_multiple_of(2)
    }

    fn rate(&mut self, seconds: u32) {
        let Some(most) = self.gateway.settings.limits.frames_in_10_s else {
            return;
        };
        let (since, count) = self.window;
        self.window = if seconds.saturating_sub(since) >= RATE_WINDOW {
            (seconds, 1)
        } else {
            (since, count + 1)
        };
        if self.window.1 > most {
            self.session.close(CloseCode::TooManyFrames);
        }
    }

    /// Ends the session: what was asked for takes effect, though nobody waits for the answers.
    async fn end(mut self) {
        let closed = self.session.connection().closed();
        if closed.and_then(|closed| closed.code) == Some(CloseCode::SlowConsumer.code()) {
            self.gateway.counts.slow.fetch_add(1, Ordering::Relaxed);
        }
        self.gateway.forget(&self.session).await;
        let mut changes = Changes::default();
        if let Some(work) = self.work.take() {
            changes = work.changes;
            for mark in work.marks.into_waiting() {
                let (gateway, session) = (Arc::clone(&self.gateway), Arc::clone(&self.session));
                let answer = gateway.change(session, mark.id, mark.chat, mark.command);
                changes.push(mark.chat, Box::pin(answer));
            }
        }
        let finished = self.reader.finish(self.session.connection());
        tokio::join!(changes.finish(), finished);
    }
}

impl Work {
    fn is_idle(&self, now: Duration) -> bool {
        self.changes.len() + self.queries.len() == 0
            && self.marks.is_idle(now)
            && self.typing.is_idle(now)
    }
}

/// Waits for what the client sends; where too much of it waits already, only lets out what waits for the socket.
async fn incoming(
    reader: &mut Reader,
    connection: &Connection,
    has_room: bool,
) -> Option<Result<Incoming, Closed>> {
    if has_room {
        return Some(reader.read_message(connection).await);
    }
    let pause = tokio::time::sleep(FULL_PAUSE);
    Box::pin(reader.flushing(connection, pause)).await;
    connection.closed().map(Err)
}

/// Waits so long; for ever where there is nothing to wait for.
///
/// Boxed, as in [`incoming`]: waiting is rare, and an idle session's task would have the room for it.
async fn sleep(time: Option<Duration>) {
    match time {
        Some(time) => Box::pin(tokio::time::sleep(time)).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of_output<I, O>(_: fn(I) -> O) -> usize {
        size_of::<O>()
    }

    #[test]
    fn a_session_that_is_idle_is_a_small_task() {
        let bytes = bytes_of_output(Talk::until_end);
        assert!(bytes <= 400, "{bytes}");
    }
}
