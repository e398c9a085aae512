//! What a caller is told about a row.

use chinwag_proto::{ChatId, shapes::Event};

use super::Outcome;
use crate::{
    model::{LogRow, RowBody},
    render,
};

/// Renders what a row made.
pub(super) fn outcome(
    id: ChatId,
    epoch: chinwag_proto::Epoch,
    row: &LogRow,
    target: Option<&LogRow>,
    repeated: bool,
    mine: Option<&[String]>,
) -> Outcome {
    if let RowBody::Message(stored) = &row.body {
        let message = Box::new(render::message(id, row, stored, mine.or(Some(&[]))));
        return Outcome::Message {
            epoch,
            message,
            repeated,
        };
    }
    let changed = target.and_then(|target| {
        Some(Box::new(render::message(
            id,
            target,
            target.message()?,
            None,
        )))
    });
    let event: Event = render::event(row);
    Outcome::Event {
        epoch,
        seq: row.seq,
        event: Box::new(event),
        message: changed,
    }
}
