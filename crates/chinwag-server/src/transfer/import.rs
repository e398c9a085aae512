//! `POST /control/import`: lines in, reports out, both as streams; ends with either of them.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use bytes::Bytes;
use chinwag_core::{
    owner::IMPORT_BATCH,
    transfer::{ImportLine, ImportPorts, ImportTarget, Importer, Line, Taken},
};
use chinwag_proto::Problem;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    MAX_LINE_BYTES, Place,
    lines::{Split, Splitter},
    report::{ImportQuery, ImportReport, RefusedLine, TakenLines},
    streamed::{self, Pieces},
};
use crate::api::{problem_response, read_query};

/// From how many bytes on a batch is brought in before it is full.
const BATCH_BYTES: usize = 4 << 20;
/// Batches that are read ahead.
const BATCHES_AHEAD: usize = 2;
/// A reason's characters: what it quotes may be as long as a line.
const REASON_CHARACTERS: usize = 300;

/// Lines with the number of the last one.
struct Batch {
    lines: Vec<ImportLine>,
    through: u64,
}

pub(super) async fn import(
    State(place): State<Place>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    match begin(&place, &query.unwrap_or_default()) {
        Ok(importer) => {
            let (reports, response) = streamed::answer();
            tokio::spawn(run(importer, body, reports, place.stop));
            response
        }
        Err(problem) => problem_response(&problem, None),
    }
}

fn begin(place: &Place, query: &str) -> Result<Importer, Problem> {
    let query: ImportQuery = read_query(query)?;
    let node = place.node()?;
    let ports = ImportPorts {
        owner: Arc::clone(node.owner()),
        accounts: Arc::clone(&node.ports().accounts),
        clock: Arc::clone(node.clock()),
    };
    let target = ImportTarget {
        owner: query.owner,
        as_one: query.as_one,
    };
    Importer::begin(ports, target)
}

/// Brings lines in while the next ones are read.
async fn run(mut importer: Importer, body: Body, reports: Pieces, stop: CancellationToken) {
    let (batches, mut waiting) = mpsc::channel(BATCHES_AHEAD);
    let reading = tokio::spawn(read(body, batches));
    let last = loop {
        let batch: Option<Batch> = tokio::select! {
            () = stop.cancelled() => break Some(ImportReport::Stopped),
            batch = waiting.recv() => batch,
        };
        let Some(batch) = batch else {
            break None;
        };
        let report = match importer.take(batch.lines).await {
            Ok(taken) => ImportReport::Taken(report(taken, batch.through)),
            Err(problem) => break Some(ImportReport::Failed(problem)),
        };
        if tell(&reports, &report).await.is_err() {
            // Whoever asked has gone: what was read ahead is not brought in.
            return;
        }
    };
    // Nothing more is taken; what still comes is read over, or the client would see a broken connection before it
    // sees why.
    drop(waiting);
    let last = match last {
        Some(last) => Some(last),
        // Without its end the client has gone, or was killed.
        None => matches!(reading.await, Ok(End::Whole)).then_some(ImportReport::Done),
    };
    if let Some(last) = last {
        let _ = tell(&reports, &last).await;
    }
}

async fn tell(reports: &Pieces, report: &ImportReport) -> Result<(), ()> {
    let mut line = serde_json::to_vec(report).expect("a report is JSON");
    line.push(b'\n');
    reports.send(Ok(line.into())).await.map_err(|_| ())
}

fn report(taken: Taken, through: u64) -> TakenLines {
    let refused = taken.refused.into_iter().map(|refusal| RefusedLine {
        line: refusal.number,
        reason: clipped(refusal.reason),
    });
    TakenLines {
        through,
        imported: taken.imported,
        repeated: taken.repeated,
        left_out: taken.left_out,
        refused: refused.collect(),
    }
}

fn clipped(reason: String) -> String {
    match reason.char_indices().nth(REASON_CHARACTERS) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason,
    }
}

/// How the lines ended.
enum End {
    Whole,
    BrokenOff,
}

/// Reads lines into batches: full ones where lines come faster than they are brought in, else what there is.
async fn read(mut body: Body, batches: mpsc::Sender<Batch>) -> End {
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
