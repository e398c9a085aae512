//! The receiving side of a connection, and the end of it; owned by the connection's own task.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf as _, BytesMut};
use rustix::net::{RecvFlags, recv};
use socket2::SockRef;
use tokio::io::{AsyncRead as _, AsyncWrite as _, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::assembler::{Assembler, Received, receive};
use super::close::{Closed, ClosedBy, GOING_AWAY, Violation};
use super::connection::Connection;
use super::transport::Duplex;

const READ_BUFFER_BYTES: usize = 16 * 1024;

thread_local! {
    /// The one read buffer of a thread: borrowed from the read to the end of decoding, never
    /// across an await.
    static READ_BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BUFFER_BYTES].into());
}

/// What a client sent.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// A ping; it is answered already, and told so that it can be counted.
    Ping,
    /// An answer to a ping, or a sign of life nobody asked for.
    Pong,
}

/// The receiving side of a connection.
///
/// Every method takes the [`Connection`] that was made together with it. While it waits it
/// holds no buffer; what was read beyond the message told is kept in its own size.
pub struct Reader {
    /// The stream, where it isn't a plain socket (which the connection has).
    stream: Option<Box<dyn Duplex>>,
    /// What was read beyond the last message.
    rest: Option<Box<BytesMut>>,
    assembler: Option<Box<Assembler>>,
    /// The stream has taken bytes that it may hold back.
    unflushed: bool,
    /// The client broke the framing: its bytes mean nothing any more.
    failed: bool,
}

/// Why nothing more is received.
enum Ended {
    Violation(Violation),
    Lost,
}

impl From<Violation> for Ended {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl Reader {
    pub(super) fn new(stream: Option<Box<dyn Duplex>>, leftover: &[u8]) -> Self {
        let rest = (!leftover.is_empty()).then(|| Box::new(BytesMut::from(leftover)));
        Self {
            stream,
            rest,
            assembler: None,
            unflushed: false,
            failed: false,
        }
    }

    /// Waits for the next message, and meanwhile writes what waits for the socket.
    ///
    /// May be dropped at any await and called again: nothing is lost. It fails as soon as
    /// either side closes; call [`Reader::finish`] then.
    pub fn read_message(
        &mut self,
        connection: &Connection,
    ) -> impl Future<Output = Result<Incoming, Closed>> {
        poll_fn(|context| self.poll_message(connection, context))
    }

    /// Runs `work` to its end, and meanwhile writes what waits for the socket.
    pub async fn flushing<F: Future>(&mut self, connection: &Connection, work: F) -> F::Output {
        let mut work = pin!(work);
        poll_fn(|context| {
            // Whether all of it left doesn't matter here: the task is woken for the rest.
            let _ = self.poll_flush(connection, context);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Ends the connection in order: what waits leaves, the closing handshake takes place,
    /// and the socket is closed; cut off after `close_timeout`.
    ///
    /// Without an end so far, it closes with 1001.
    pub fn finish<'a>(
        mut self,
        connection: &'a Connection,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        // Boxed: the task of an idle connection must not have the size of its end.
        Box::pin(async move {
            connection.close(GOING_AWAY, "");
            let limit = connection.limits().close_timeout;
            let in_time = timeout(limit, self.close(connection)).await.is_ok();
            self.hang_up(connection, in_time);
        })
    }

    /// Looks for the next message: what [`Reader::read_message`] waits by, for a task that does other things too.
    pub fn poll_message(
        &mut self,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Poll<Result<Incoming, Closed>> {
        let _ = self.poll_flush(connection, context);
        if let Some(closed) = connection.closed() {
            return Poll::Ready(Err(closed));
        }
        match ready!(self.poll_received(connection, context)) {
            Ok(Received::Text(text)) => return Poll::Ready(Ok(Incoming::Text(text))),
            Ok(Received::Binary(bytes)) => return Poll::Ready(Ok(Incoming::Binary(bytes))),
            Ok(Received::Ping { pong }) => {
                connection.pong(pong);
                return Poll::Ready(Ok(Incoming::Ping));
            }
            Ok(Received::Pong) => return Poll::Ready(Ok(Incoming::Pong)),
            Ok(Received::Close(code)) => connection.closed_by_peer(code),
            Err(Ended::Violation(violation)) => {
                self.failed = true;
                connection.fail(violation);
            }
            Err(Ended::Lost) => connection.lose(),
        }
        Poll::Ready(Err(connection.closed().unwrap_or(Closed::LOST)))
    }

    fn poll_received(
        &mut self,
        connection: &Connection,
        context: &mut Context<'_>,
    ) -> Poll<Result<Received, Ended>> {
        if let Some(received) = self.receive_rest(connection)? {
            return Poll::Ready(Ok(received));
        }
        loop {
            let received = READ_BUFFER
                .with_borrow_mut(|buffer| self.poll_receive(connection, context, buffer));
            if let Some(received) = ready!(received)? {
                return Poll::Ready(Ok(received));
            }
        }
    }

    /// Takes the next message from what was already read.
    fn receive_rest(&mut self, connection: &Connection) -> Result<Option<Received>, Ended> {
        let Some(rest) = &mut self.rest else {
            return Ok(None);
        };
        let (used, received) = receive(&mut self.assembler, rest, connection.limits())?;
        rest.advance(used);
        if rest.is_empty() {
            self.rest = None;
        }
        Ok(received)
    }

    /// Reads once, takes the first message of it and keeps what lies beyond.
    fn poll_receive(
        &mut self,
        connection: &Connection,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<Option<Received>, Ended>> {
        let read = match ready!(self.poll_read(connection, context, buffer)) {
            Ok(0) | Err(_) => return Poll::Ready(Err(Ended::Lost)),
            Ok(read) => &mut buffer[..read],
        };
        let (used, received) = receive(&mut self.assembler, read, connection.limits())?;
        if used < read.len() {
            self.rest = Some(Box::new(BytesMut::from(&read[used..])));
        }
        Poll::Ready(Ok(received))
    }

    fn poll_read(
        &mut self,
        connection: &Connection,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if let Some(stream) = &mut self.stream {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
            return Poll::Ready(Ok(buffer.filled().len()));
        }
        let Some(socket) = connection.socket() else {
            return Poll::Ready(Ok(0));
        };
        loop {
            ready!(socket.poll_read_ready(context))?;
            match read_socket(socket, buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    /// Writes what waits; ready when nothing does, or nothing can leave any more. The task is woken to write the rest,
    /// and when the connection closes.
    pub fn poll_flush(&mut self, connection: &Connection, context: &mut Context<'_>) -> Poll<()> {
        match (&mut self.stream, connection.socket()) {
            (Some(stream), _) => {
                poll_flush_stream(stream, &mut self.unflushed, connection, context)
            }
            (None, Some(socket)) => poll_flush_socket(socket, connection, context),
            (None, None) => Poll::Ready(()),
        }
    }

    async fn close(&mut self, connection: &Connection) {
        poll_fn(|context| self.poll_flush(connection, context)).await;
        let by = connection.closed().map(|closed| closed.by);
        if by == Some(ClosedBy::Network) {
            return;
        }
        if by == Some(ClosedBy::Server) && !self.failed {
            self.wait_for_close(connection).await;
        }
        self.shut_down_write(connection).await;
        // Closing a socket that holds unread bytes resets it, and the reset may overtake our
        // close frame: read until the client has closed its side.
        poll_fn(|context| self.poll_discard(connection, context)).await;
    }

    /// Waits until the client answered our close frame, whatever else it sends before.
    async fn wait_for_close(&mut self, connection: &Connection) {
        poll_fn(|context| {
            loop {
                match ready!(self.poll_received(connection, context)) {
                    Ok(Received::Close(_)) | Err(_) => return Poll::Ready(()),
                    Ok(_) => {}
                }
            }
        })
        .await;
    }

    async fn shut_down_write(&mut self, connection: &Connection) {
        // A client that is gone already is no failure of ours.
        if let Some(stream) = &mut self.stream {
            let _ = poll_fn(|context| Pin::new(&mut *stream).poll_shutdown(context)).await;
        } else if let Some(socket) = connection.socket() {
            let _ = SockRef::from(socket).shutdown(Shutdown::Write);
        }
    }

    fn poll_discard(&mut self, connection: &Connection, context: &mut Context<'_>) -> Poll<()> {
        READ_BUFFER.with_borrow_mut(|buffer| {
            loop {
                if let Ok(0) | Err(_) = ready!(self.poll_read(connection, context, buffer)) {
                    return Poll::Ready(());
                }
            }
        })
    }

    /// Closes the socket, even if others still hold the connection; with a reset when the
    /// client didn't take what was sent, so that the kernel doesn't keep it.
    fn hang_up(&self, connection: &Connection, in_time: bool) {
        let boxed = self.stream.as_ref().and_then(|stream| stream.socket());
        let Some(socket) = connection.socket().or(boxed) else {
            return;
        };
        let socket = SockRef::from(socket);
        if !in_time {
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
        let _ = socket.shutdown(Shutdown::Both);
    }
}

/// Reads what a socket has.
///
/// A read that doesn't fill the buffer emptied the socket. Telling tokio so (by "would
/// block") saves the system call that would find it empty; what arrives in between raises
/// a new event, and an end of the stream stays noted.
fn read_socket(socket: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    let capacity = buffer.len();
    let mut emptied_by = None;
    let outcome = socket.try_io(Interest::READABLE, || {
        let (read, _) = recv(socket, buffer, RecvFlags::empty())?;
        if read > 0 && read < capacity {
            emptied_by = Some(read);
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(read)
    });
    emptied_by.map_or(outcome, Ok)
}

fn poll_flush_socket(
    socket: &TcpStream,
    connection: &Connection,
    context: &mut Context<'_>,
) -> Poll<()> {
    connection.poll_write_pending(context, |context, slices| {
        loop {
            match socket.try_write_vectored(slices) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
            ready!(socket.poll_write_ready(context))?;
        }
    })
}

/// Writes into a stream that may hold back what it took (TLS does), and makes it let go.
fn poll_flush_stream(
    stream: &mut Box<dyn Duplex>,
    unflushed: &mut bool,
    connection: &Connection,
    context: &mut Context<'_>,
) -> Poll<()> {
    ready!(connection.poll_write_pending(context, |context, slices| {
        *unflushed = true;
        Pin::new(&mut *stream).poll_write_vectored(context, slices)
    }));
    if *unflushed {
        // An error shows again at the next read or write.
        let _ = ready!(Pin::new(stream).poll_flush(context));
        *unflushed = false;
    }
    Poll::Ready(())
}
