//! The talk with one client, in its connection's own task.

use std::{
    future::{Future, ready},
    mem,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use chinwag_core::owner::Command;
use chinwag_proto::{
    ChatId, CloseCode,
    frames::{Request, RequestId, ServerFrame},
};
use smallvec::SmallVec;
use tokio::time::Sleep;

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
use crate::ws::{Class, Connection, Incoming, Reader};

/// Requests of one client without an answer; beyond that nothing more is read from it.
const WAITING: usize = 32;
/// The window of the frame rate, seconds.
const RATE_WINDOW: u32 = 10;
/// So many users that a frame adds to those who are watched count as one frame more: each costs a look at who shares a
/// chat with whom.
const WATCHED_A_FRAME: usize = 20;
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
    alarm: Alarm,
}

/// What happened next.
enum Next {
    Changed(u32, Answers),
    Answered(Option<ServerFrame>),
    MarksDue,
    Came(Incoming),
    Ended,
}

/// Returns as how many frames a request counts.
fn weight(request: &Request) -> u32 {
    match request {
        Request::Heartbeat { .. } => 0,
        Request::WatchPresence { add, .. } => {
            u32::try_from(1 + add.len() / WATCHED_A_FRAME).unwrap_or(u32::MAX)
        }
        _ => 1,
    }
}

/// A talk, then the end of the session.
///
/// Written by hand: the task of an idle session has the size of the [`Talk`], and a future made by the compiler would
/// keep room for all that a talk may ever wait for. There is one for each of a million sessions.
enum Talking {
    Talks(Talk),
    /// Boxed: an idle session's task must not have the size of its end.
    Ends(Pin<Box<dyn Future<Output = ()> + Send>>),
}

impl Future for Talking {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if let Self::Talks(talk) = &mut *self {
            ready!(talk.poll_end(context));
            let over = mem::replace(&mut *self, Self::Ends(Box::pin(ready(()))));
            if let Self::Talks(talk) = over {
                *self = Self::Ends(Box::pin(talk.end()));
            }
        }
        match &mut *self {
            Self::Ends(end) => end.as_mut().poll(context),
            Self::Talks(_) => Poll::Pending,
        }
    }
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
    pub(super) fn until_end(self) -> impl Future<Output = ()> + Send {
        Talking::Talks(self)
    }

    /// Takes what happens, until the connection has ended.
    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            match ready!(self.poll_next(context)) {
                Next::Changed(ended, answers) => {
                    (0..ended).for_each(|_| self.session.end_change());
                    self.say_all(&answers);
                }
                Next::Answered(answer) => self.say_all(answer.as_slice()),
                Next::MarksDue => self.move_marks(),
                Next::Came(incoming) => self.take(incoming),
                Next::Ended => return Poll::Ready(()),
            }
            self.rest();
        }
    }

    /// Looks for what happens next. In this order: the socket is written to before it is asked whether it has room for
    /// another large answer.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Next> {
        let connection = self.session.connection();
        let Some(work) = &mut self.work else {
            return poll_incoming(&mut self.reader, connection, context);
        };
        if let Poll::Ready((ended, answers)) = work.changes.poll_next(context) {
            return Poll::Ready(Next::Changed(ended, answers));
        }
        let now = self.gateway.ports.clock.elapsed();
        if work
            .alarm
            .poll(work.marks.due_at(), now, context)
            .is_ready()
        {
            return Poll::Ready(Next::MarksDue);
        }
        if work.changes.len() + work.queries.len() < WAITING {
            if let Poll::Ready(next) = poll_incoming(&mut self.reader, connection, context) {
                return Poll::Ready(next);
            }
        } else {
            // Too much of the client waits already: nothing is read from it, only written.
            let _ = self.reader.poll_flush(connection, context);
            if connection.closed().is_some() {
                return Poll::Ready(Next::Ended);
            }
        }
        let may_begin = || connection.pending_bytes() <= ANSWERS_WAITING;
        let answer = work.queries.poll_next(may_begin, context);
        answer.map(Next::Answered)
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
            Incoming::Ping => return self.rate(seconds, 1),
        };
        match dispatch::read(&text) {
            Ok(frame) => {
                self.rate(seconds, weight(&frame.request));
                self.take_request(frame.id, frame.request);
            }
            Err((id, problem)) => {
                self.rate(seconds, 1);
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

    fn rate(&mut self, seconds: u32, frames: u32) {
        if frames == 0 {
            return;
        }
        let Some(most) = self.gateway.settings.limits.frames_in_10_s else {
            return;
        };
        let (since, count) = self.window;
        self.window = if seconds.saturating_sub(since) >= RATE_WINDOW {
            (seconds, frames)
        } else {
            (since, count.saturating_add(frames))
        };
        if self.window.1 > most {
            self.session.close(CloseCode::TooManyFrames);
            let until = self.window.0.saturating_add(RATE_WINDOW);
            self.gateway.barred.bar(&self.session.user, seconds, until);
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

fn poll_incoming(
    reader: &mut Reader,
    connection: &Connection,
    context: &mut Context<'_>,
) -> Poll<Next> {
    let incoming = reader.poll_message(connection, context);
    incoming.map(|incoming| incoming.map_or(Next::Ended, Next::Came))
}

/// Wakes the task at a time, where there is one.
#[derive(Default)]
struct Alarm(Option<(Duration, Pin<Box<Sleep>>)>);

impl Alarm {
    /// Ready once at the time, by the clock that says what is now.
    fn poll(&mut self, at: Option<Duration>, now: Duration, context: &mut Context<'_>) -> Poll<()> {
        let set_for = self.0.as_ref().map(|(at, _)| *at);
        if set_for != at {
            let sleep = |at: Duration| Box::pin(tokio::time::sleep(at.saturating_sub(now)));
            self.0 = at.map(|at| (at, sleep(at)));
        }
        let Some((_, sleep)) = &mut self.0 else {
            return Poll::Pending;
        };
        ready!(sleep.as_mut().poll(context));
        self.0 = None;
        Poll::Ready(())
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
        assert!(bytes <= 96, "{bytes}");
    }
}
