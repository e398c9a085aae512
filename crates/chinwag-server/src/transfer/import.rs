//! `POST /control/import`: lines in, reports out, both as streams; ends with either of them.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{RawQuery, State},
    response::Response,
};
use chinwag_core::transfer::{ImportPorts, ImportTarget, Importer, Taken};
use chinwag_proto::Problem;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{
    Place,
    reading::{Batch, End, read},
    report::{ImportQuery, ImportReport, RefusedLine, TakenLines},
    streamed::{self, Pieces, tell},
};
use crate::api::{problem_response, read_query};

/// Batches that are read ahead.
const BATCHES_AHEAD: usize = 2;
/// A reason's characters: what it quotes may be as long as a line.
const REASON_CHARACTERS: usize = 300;

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
        chats: Arc::clone(node.chats()) as _,
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
