//! `GET /control/backup`: all rows as they were at one moment, as the file of a backup.

use std::io::{self, Write};

use axum::{extract::State, response::Response};
use chinwag_backends::fjall::{FORMAT, Snapshot};
use chinwag_proto::Timestamp;

use super::{
    Place,
    archive::{ArchiveWriter, Header, KeptKey},
    streamed,
};
use crate::{api::problem_response, push};

/// Rows read at a time.
const PAGE: usize = 1_000;

pub(super) async fn backup(State(place): State<Place>) -> Response {
    let (node, snapshot) = match place.snapshot() {
        Ok(snapshot) => snapshot,
        Err(problem) => return problem_response(&problem, None),
    };
    let made_at = node.clock().now();
    let data_dir = node.data_dir().to_owned();
    streamed::written_by(move |out| {
        let vapid_key = push::kept_vapid_key(&data_dir)?.map(KeptKey);
        write(&snapshot, made_at, vapid_key, out)
    })
}

/// Writes the file of a backup.
pub(super) fn write(
    snapshot: &Snapshot,
    made_at: Timestamp,
    vapid_key: Option<KeptKey>,
    out: impl Write,
) -> io::Result<()> {
    let header = Header {
        version: env!("CARGO_PKG_VERSION").into(),
        format: FORMAT,
        made_at,
        vapid_key,
    };
    let mut archive = ArchiveWriter::begin(out, &header)?;
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = snapshot.entries(after.as_deref(), PAGE);
        let mut rows = rows.map_err(io::Error::other)?;
        for (key, value) in &rows {
            archive.row(key, value)?;
        }
        match rows.pop() {
            Some((last, _)) => after = Some(last),
            None => return archive.end(),
        }
    }
}
