//! Reads the lines of an import off its request, in batches.

use axum::body::Body;
use bytes::Bytes;
use chinwag_core::{
    owner::IMPORT_BATCH,
    transfer::{ImportLine, Line},
};
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use super::lines::{MAX_LINE_BYTES, Split, Splitter};

/// From how many bytes on a batch is brought in before it is full.
const BATCH_BYTES: usize = 4 << 20;

/// Lines with the number of the last one.
pub(super) struct Batch {
    pub(super) lines: Vec<ImportLine>,
    pub(super) through: u64,
}

/// How the lines ended.
pub(super) enum End {
    Whole,
    BrokenOff,
}

/// Reads lines into batches: full ones where lines come faster than they are brought in, else what there is.
pub(super) async fn read(mut body: Body, batches: mpsc::Sender<Batch>) -> End {
    let mut reader = Reader::default();
    loop {
        let frame = if reader.lines.is_empty() {
            body.frame().await
        } else {
            tokio::select! {
                biased;
                frame = body.frame() => frame,
                room = batches.reserve() => {
                    match room {
                        Ok(room) => room.send(reader.batch()),
                        Err(_) => reader.lines.clear(),
                    }
                    continue;
                }
            }
        };
        let mut piece: Bytes = match frame {
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
            Some(Err(error)) => {
                tracing::debug!(%error, "the lines of an import broke off");
                return End::BrokenOff;
            }
            None => break,
        };
        while reader.take(&mut piece) {
            let _ = batches.send(reader.batch()).await;
        }
    }
    // The last line may have no end.
    let mut end = Bytes::from_static(b"\n");
    if reader.splitter.has_begun() {
        reader.take(&mut end);
    }
    if !reader.lines.is_empty() {
        let _ = batches.send(reader.batch()).await;
    }
    End::Whole
}

/// Numbers lines and gathers them.
#[derive(Default)]
struct Reader {
    splitter: Splitter,
    lines: Vec<ImportLine>,
    bytes: usize,
    number: u64,
}

impl Reader {
    /// Takes lines out of a piece until a batch is full (`true`) or nothing is left of it.
    fn take(&mut self, piece: &mut Bytes) -> bool {
        while let Some(line) = self.splitter.next(piece) {
            self.number += 1;
            let line = match line {
                Split::TooLong => Err(format!(
                    "longer than {} MiB: no line is",
                    MAX_LINE_BYTES >> 20
                )),
                // An empty line says nothing, as at the end of a file.
                Split::Line(bytes) if bytes.iter().all(u8::is_ascii_whitespace) => continue,
                Split::Line(bytes) => {
                    self.bytes += bytes.len();
                    Line::read(&bytes)
                }
            };
            self.lines.push(ImportLine {
                number: self.number,
                line,
            });
            if self.lines.len() == IMPORT_BATCH || self.bytes >= BATCH_BYTES {
                return true;
            }
        }
        false
    }

    fn batch(&mut self) -> Batch {
        self.bytes = 0;
        Batch {
            lines: std::mem::take(&mut self.lines),
            through: self.number,
        }
    }
}
