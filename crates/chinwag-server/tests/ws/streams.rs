//! Streams that only the connection's own task can write, such as TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use chinwag_server::ws::{
    Class, Connection, Duplex, Incoming, Limits, Reader, Sent, Transport, encode_text,
};
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf,
};

use crate::client::{FIN, TEXT, close_frame, frame};

/// Counts the writes, and holds back what was written until it is flushed.
struct Counting {
    stream: DuplexStream,
    held: Vec<u8>,
    writes: Arc<AtomicUsize>,
}

impl Duplex for Counting {}

impl AsyncRead for Counting {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Counting {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        let before = self.held.len();
        for slice in slices {
            self.held.extend_from_slice(slice);
        }
        Poll::Ready(Ok(self.held.len() - before))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let Self { stream, held, .. } = &mut *self;
            match Pin::new(stream).poll_write(context, held) {
                Poll::Ready(written) => held.drain(..written?),
                Poll::Pending => return Poll::Pending,
            };
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

fn open(pipe_bytes: usize) -> (DuplexStream, Connection, Reader, Arc<AtomicUsize>) {
    let (client, stream) = tokio::io::duplex(pipe_bytes);
    let writes = Arc::new(AtomicUsize::new(0));
    let counting = Counting {
        stream,
        held: Vec::new(),
        writes: writes.clone(),
    };
    let transport = Transport::Boxed(Box::new(counting));
    let (connection, reader) =
        Connection::open(transport, &[], Arc::new(Limits::default())).unwrap();
    (client, connection, reader, writes)
}

#[tokio::test]
async fn frames_that_wait_leave_in_one_write() {
    let (mut client, connection, mut reader, writes) = open(64 * 1024);
    let frame = encode_text("one of many");
    for _ in 0..50 {
        assert_eq!(connection.send(frame.clone(), Class::Event), Sent::Queued);
    }
    let mut read = vec![0; frame.len() * 50];
    reader
        .flushing(&connection, client.read_exact(&mut read))
        .await
        .unwrap();
    assert_eq!(read, frame.repeat(50));
    assert_eq!(writes.load(Ordering::Relaxed), 1);
    assert_eq!(connection.pending_bytes(), 0);
}

#[tokio::test]
async fn a_waiting_task_is_woken_to_write_what_another_sends() {
    let (mut client, connection, mut reader, _) = open(16);
    let connection = Arc::new(connection);
    let own = connection.clone();
    let task = tokio::spawn(async move {
        let message = reader.read_message(&own).await;
        let closed = reader.read_message(&own).await;
        reader.finish(&own).await;
        (message, closed.unwrap_err().code)
    });
    // Longer than the pipe, so that flushing has to wait and go on.
    let greeting = encode_text(&"hello ".repeat(20));
    for _ in 0..3 {
        tokio::task::yield_now().await;
        connection.send(greeting.clone(), Class::Event);
        let mut read = vec![0; greeting.len()];
        client.read_exact(&mut read).await.unwrap();
        assert_eq!(read, greeting);
    }
    client
        .write_all(&[frame(FIN | TEXT, b"bye"), close_frame(1000)].concat())
        .await
        .unwrap();
    let mut end = Vec::new();
    client.read_to_end(&mut end).await.unwrap();
    assert_eq!(end, [0x88, 2, 0x03, 0xE8]);
    drop(client);
    let (message, code) = task.await.unwrap();
    assert_eq!(message, Ok(Incoming::Text("bye".to_owned())));
    assert_eq!(code, Some(1000));
}
