//! Lines on their way to the server: read by a thread that may block, sent as the body of one request.

use std::io::{self, Write};

use anyhow::Result;
use bytes::Bytes;
use futures_util::stream;
use reqwest::Body;
use tokio::sync::{mpsc, oneshot};

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces read ahead.
const PIECES_AHEAD: usize = 4;

/// Where the reading thread puts lines. Fails with `BrokenPipe` once nobody takes any more.
pub(crate) struct Feed {
    pieces: mpsc::Sender<Bytes>,
    waiting: Vec<u8>,
}

/// Lines that are being read.
pub(crate) struct Feeding {
    /// What is sent.
    pub(crate) body: Body,
    /// Ends the body at the next piece.
    pub(crate) stop: oneshot::Sender<()>,
    /// How reading ended.
    pub(crate) read: oneshot::Receiver<Result<()>>,
}

/// Starts to read.
pub(crate) fn start(read: impl FnOnce(&mut Feed) -> Result<()> + Send + 'static) -> Feeding {
    let (pieces, coming) = mpsc::channel(PIECES_AHEAD);
    let (stop, stopping) = oneshot::channel();
    let (done, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let mut feed = Feed {
            pieces,
            waiting: Vec::new(),
        };
        let read = read(&mut feed);
        // Also where reading failed: what was read before is sent.
        let flushed = feed.flush();
        let _ = done.send(read.and(flushed.map_err(Into::into)));
    });
    let pieces = stream::unfold((coming, stopping), async |(mut coming, mut stopping)| {
        let piece: Bytes = tokio::select! {
            biased;
            _ = &mut stopping => return None,
            piece = coming.recv() => piece?,
        };
        Some((Ok::<_, io::Error>(piece), (coming, stopping)))
    });
    Feeding {
        body: Body::wrap_stream(pieces),
        stop,
        read: ended,
    }
}

impl Write for Feed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(std::mem::take(&mut self.waiting));
        self.pieces
            .blocking_send(piece)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Returns whether reading ended because nobody took any more.
pub(crate) fn was_cut(error: &anyhow::Error) -> bool {
    let io = error.root_cause().downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
