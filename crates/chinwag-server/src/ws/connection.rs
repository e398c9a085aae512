//! The sending side of a connection, shared by all tasks that have something to say.

use std::io::{self, IoSlice};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf as _, Bytes};
use parking_lot::Mutex;
use rustix::net::{self, SendFlags};
use smallvec::SmallVec;
use tokio::net::TcpStream;

use super::close::{Closed, SLOW_CONSUMER, Violation};
use super::frame::encode_close;
use super::limits::Limits;
use super::pending::{Kind, MAX_SLICES, Pending, Pushed};
use super::reader::Reader;
use super::transport::Transport;

/// What a frame is worth when the client reads slower than it is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Must arrive; when it can't wait any more, the connection closes with 4008.
    Event,
    /// Is dropped first: typing, presence.
    Ephemeral,
}

impl From<Class> for Kind {
    fn from(class: Class) -> Self {
        match class {
            Class::Event => Self::Event,
            Class::Ephemeral => Self::Ephemeral,
        }
    }
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The kernel took it.
    Written,
    /// It waits until the socket is writable.
    Queued,
    /// It was ephemeral and too much waits already.
    Dropped,
    /// The connection has ended, or ends because this frame had no room.
    Closed,
}

/// A WebSocket connection, as its senders see it.
///
/// Sending never waits: a frame goes straight to the kernel, and what the kernel doesn't
/// take waits in a bounded queue, which the connection's own task (in
/// [`Reader::read_message`]) writes out when the socket is writable. Frames leave in the
/// order in which they were sent, except pongs. The queue exists only while something waits.
///
/// [`Reader::read_message`]: super::Reader::read_message
pub struct Connection {
    /// `None` where only the connection's own task can write: everything is queued then.
    socket: Option<TcpStream>,
    limits: Arc<Limits>,
    outgoing: Mutex<Outgoing>,
}

#[derive(Default)]
struct Outgoing {
    pending: Option<Box<Pending>>,
    /// Wakes the connection's own task; set from its first poll on.
    waker: Option<Waker>,
    closed: Option<Closed>,
}

impl Outgoing {
    fn wake(&self) {
        if let Some(waker) = &self.waker {
            waker.wake_by_ref();
        }
    }

    fn lose(&mut self) {
        self.pending = None;
        self.closed.get_or_insert(Closed::LOST);
        self.wake();
    }

    fn push(&mut self, frame: Bytes, kind: Kind, bound: usize) -> Option<Pushed> {
        let pending = self.pending.as_mut()?;
        if kind == Kind::Pong {
            pending.push_pong(frame);
            return Some(Pushed::Queued);
        }
        Some(pending.push(frame, kind, bound))
    }

    /// Closes with `last` as the last frame to leave.
    fn close(&mut self, closed: Closed, last: Bytes) {
        self.pending.get_or_insert_default().push_last(last);
        self.closed = Some(closed);
        self.wake();
    }

    fn forget_unstarted(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.keep_started();
        }
    }
}

impl Connection {
    /// Starts to speak WebSocket over a stream whose handshake is done.
    ///
    /// `leftover` is what was read beyond the handshake's head. Keep the connection where
    /// senders find it, and the reader in the connection's own task.
    pub fn open(
        transport: impl Into<Transport>,
        leftover: &[u8],
        limits: Arc<Limits>,
    ) -> io::Result<(Self, Reader)> {
        let transport = transport.into();
        transport.tune(&limits)?;
        let (socket, stream) = match transport {
            Transport::Plain(socket) => (Some(socket), None),
            Transport::Boxed(stream) => (None, Some(stream)),
        };
        let connection = Self {
            socket,
            limits,
            outgoing: Mutex::default(),
        };
        Ok((connection, Reader::new(stream, leftover)))
    }

    /// Sends one encoded frame; never waits.
    pub fn send(&self, frame: Bytes, class: Class) -> Sent {
        self.send_frame(frame, class.into())
    }

    /// Sends several encoded frames in one write; never waits. Tells the worst that became
    /// of any of them.
    pub fn send_many(&self, frames: &[Bytes], class: Class) -> Sent {
        let mut outgoing = self.outgoing.lock();
        if outgoing.closed.is_some() {
            return Sent::Closed;
        }
        let mut rest = frames;
        let mut started = 0;
        while outgoing.pending.is_none() && started == 0 && !rest.is_empty() {
            match self.write_many(rest) {
                Ok((whole, part)) => {
                    let blocked = whole < rest.len().min(MAX_SLICES);
                    rest = &rest[whole..];
                    started = part;
                    if blocked {
                        break;
                    }
                }
                Err(_) => {
                    outgoing.lose();
                    return Sent::Closed;
                }
            }
        }
        let Some((first, others)) = rest.split_first() else {
            return Sent::Written;
        };
        let mut worst = self.queue(&mut outgoing, first.slice(started..), class.into(), started);
        for frame in others {
            let sent = self.queue(&mut outgoing, frame.clone(), class.into(), 0);
            match sent {
                Sent::Closed => return sent,
                Sent::Dropped => worst = sent,
                Sent::Written | Sent::Queued => {}
            }
        }
        worst
    }

    /// Asks the client whether it is there.
    pub fn ping(&self) -> Sent {
        self.send(Bytes::from_static(&[0x89, 0]), Class::Ephemeral)
    }

    /// Closes with a code and a reason of at most 123 bytes, after what already waits.
    /// What comes second to an earlier end changes nothing.
    pub fn close(&self, code: u16, reason: &str) {
        let mut outgoing = self.outgoing.lock();
        if outgoing.closed.is_none() {
            let last = encode_close(Some(code), reason);
            outgoing.close(Closed::by_server(code), last);
        }
    }

    /// Tells how the connection ended, or is ending.
    pub fn closed(&self) -> Option<Closed> {
        self.outgoing.lock().closed
    }

    /// Counts what waits for the socket, in bytes, bookkeeping included.
    pub fn pending_bytes(&self) -> usize {
        let outgoing = self.outgoing.lock();
        outgoing
            .pending
            .as_ref()
            .map_or(0, |pending| pending.cost())
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) fn socket(&self) -> Option<&TcpStream> {
        self.socket.as_ref()
    }

    pub(super) fn pong(&self, frame: Bytes) {
        self.send_frame(frame, Kind::Pong);
    }

    /// Answers the client's close frame; what waits is of no use to it any more.
    pub(super) fn closed_by_peer(&self, code: Option<u16>) {
        let mut outgoing = self.outgoing.lock();
        if outgoing.closed.is_none() {
            outgoing.forget_unstarted();
            outgoing.close(Closed::by_peer(code), encode_close(code, ""));
        }
    }

    pub(super) fn fail(&self, violation: Violation) {
        let mut outgoing = self.outgoing.lock();
        if outgoing.closed.is_none() {
            outgoing.forget_unstarted();
            let last = encode_close(Some(violation.code), violation.reason);
            outgoing.close(Closed::by_server(violation.code), last);
        }
    }

    pub(super) fn lose(&self) {
        self.outgoing.lock().lose();
    }

    /// Writes what waits by `write`, until nothing does or it isn't taken; and makes
    /// `context`'s task, the connection's own, the one that is woken to write and to end.
    pub(super) fn poll_write_pending(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&mut Context<'_>, &[IoSlice<'_>]) -> Poll<io::Result<usize>>,
    ) -> Poll<()> {
        let mut outgoing = self.outgoing.lock();
        match &mut outgoing.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        while let Some(pending) = &mut outgoing.pending {
            let outcome = ready!(write(context, &pending.slices()));
            let Ok(written @ 1..) = outcome else {
                outgoing.lose();
                break;
            };
            pending.advance(written);
            if pending.is_empty() {
                outgoing.pending = None;
            }
        }
        Poll::Ready(())
    }

    fn send_frame(&self, mut frame: Bytes, kind: Kind) -> Sent {
        let mut outgoing = self.outgoing.lock();
        if outgoing.closed.is_some() {
            return Sent::Closed;
        }
        let mut written = 0;
        if let (None, Some(socket)) = (&outgoing.pending, &self.socket) {
            match taken(socket_send(socket, &frame)) {
                Ok(all) if all == frame.len() => return Sent::Written,
                Ok(part) => written = part,
                Err(_) => {
                    outgoing.lose();
                    return Sent::Closed;
                }
            }
        }
        frame.advance(written);
        self.queue(&mut outgoing, frame, kind, written)
    }

    /// Lets (the rest of) a frame wait, of which `started` bytes have left.
    fn queue(&self, outgoing: &mut Outgoing, frame: Bytes, kind: Kind, started: usize) -> Sent {
        match outgoing.push(frame.clone(), kind, self.limits.pending_bytes) {
            Some(Pushed::Queued) => Sent::Queued,
            Some(Pushed::Dropped) => Sent::Dropped,
            Some(Pushed::Overflow) => {
                outgoing.forget_unstarted();
                let last = encode_close(Some(SLOW_CONSUMER), "slow consumer");
                outgoing.close(Closed::by_server(SLOW_CONSUMER), last);
                Sent::Closed
            }
            None => {
                let pending = Pending::with_rest(frame, kind, started > 0);
                outgoing.pending = Some(Box::new(pending));
                outgoing.wake();
                Sent::Queued
            }
        }
    }

    /// Writes the first frames in one call: tells how many left whole, and how much of the next.
    fn write_many(&self, frames: &[Bytes]) -> io::Result<(usize, usize)> {
        let Some(socket) = &self.socket else {
            return Ok((0, 0));
        };
        let slices: SmallVec<[IoSlice<'_>; MAX_SLICES]> = frames
            .iter()
            .take(MAX_SLICES)
            .map(|frame| IoSlice::new(frame))
            .collect();
        let mut written = taken(socket_send_vectored(socket, &slices))?;
        let mut whole = 0;
        for slice in &slices {
            if written < slice.len() {
                break;
            }
            written -= slice.len();
            whole += 1;
        }
        Ok((whole, written))
    }
}

/// Sends what the kernel takes at once.
///
/// The runtime isn't asked whether the socket is writable: it nearly always is, and asking costs a tenth of a send.
/// Where it isn't, the connection's own task asks when it comes to write the rest.
fn socket_send(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    Ok(net::send(socket, bytes, flags)?)
}

/// Sends what the kernel takes at once, of several pieces.
fn socket_send_vectored(socket: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    Ok(rustix::io::writev(socket, slices)?)
}

/// A socket that takes nothing now isn't an error.
fn taken(outcome: io::Result<usize>) -> io::Result<usize> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
        other => other,
    }
}
