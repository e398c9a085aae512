//! Answers that are made while they are sent, by a thread that may block.

use std::io::{self, Write};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::stream;
use serde::Serialize;
use tokio::sync::mpsc;

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that wait for the reader: with more the thread waits.
const PIECES: usize = 8;

/// Pieces on their way; an error cuts the answer, so that its reader never takes a part for the whole.
pub(super) type Pieces = mpsc::Sender<io::Result<Bytes>>;

/// Makes an answer of the pieces that come, and where to send them.
pub(super) fn answer() -> (Pieces, Response) {
    let (pieces, coming) = mpsc::channel(PIECES);
    let body = stream::unfold(coming, async |mut coming| {
        let piece = coming.recv().await?;
        Some((piece, coming))
    });
    (pieces, Response::new(Body::from_stream(body)))
}

/// Sends a report, one line of JSON; fails where nobody listens any more.
pub(super) async fn tell(pieces: &Pieces, report: &impl Serialize) -> Result<(), ()> {
    let mut line = serde_json::to_vec(report).expect("a report is JSON");
    line.push(b'\n');
    pieces.send(Ok(line.into())).await.map_err(|_| ())
}

/// Lets a thread write an answer.
pub(super) fn written_by<F>(write: F) -> Response
where
    F: FnOnce(&mut PieceWriter) -> io::Result<()> + Send + 'static,
{
    let (pieces, response) = answer();
    tokio::task::spawn_blocking(move || {
        let mut writer = PieceWriter {
            pieces,
            waiting: Vec::with_capacity(PIECE_BYTES),
        };
        let written = write(&mut writer).and_then(|()| writer.flush());
        if let Err(error) = written {
            if error.kind() != io::ErrorKind::BrokenPipe {
                tracing::error!(%error, "an answer is cut");
            }
            let _ = writer.pieces.blocking_send(Err(error));
        }
    });
    response
}

/// Writes into an answer; fails with `BrokenPipe` where its reader has gone.
pub(super) struct PieceWriter {
    pieces: Pieces,
    waiting: Vec<u8>,
}

impl Write for PieceWriter {
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
        let piece = std::mem::replace(&mut self.waiting, Vec::with_capacity(PIECE_BYTES));
        self.pieces
            .blocking_send(Ok(piece.into()))
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
