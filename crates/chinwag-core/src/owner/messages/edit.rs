//! Editing and deleting a message.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, ErrorCode, Problem, Timestamp,
    shapes::{Event, Role, Version},
};

use super::super::{
    Caller, Outcome,
    chat::State,
    decision::{Decision, Draft, Following},
    no_such_message,
};
use crate::{
    model::{Deletion, LogRow, RowBody, StoredMessage, row::Target},
    ports::Follow,
    render,
};

pub(super) fn edit(
    caller: &Caller,
    row: &LogRow,
    content: &str,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let mut amended = row.clone();
    let RowBody::Message(message) = &mut amended.body else {
        return Err(no_such_message());
    };
    if row.user != caller.user {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "only the author edits a message",
        ));
    }
    if message.deleted.is_some() {
        return Err(deleted());
    }
    let message = Arc::make_mut(message);
    let since = message.edited_at.unwrap_or(row.timestamp);
    let version = Version {
        content: std::mem::replace(&mut message.content, content.to_owned()),
        timestamp: since,
    };
    message.edited_at = Some(now);
    let keep = Follow::KeepVersion {
        message: row.seq,
        version,
        nth: 0,
    };
    let body = RowBody::Edit(Target {
        seq: row.seq,
        id: row.id,
    });
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            amended: Some(amended),
            follows: vec![keep],
            ..Following::default()
        },
    )))
}

pub(super) fn delete(
    caller: &Caller,
    state: &State,
    id: ChatId,
    row: &LogRow,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let may = row.user == caller.user || state.members.acting_role(caller)? >= Role::Admin;
    if !may {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "only the author or an admin deletes a message",
        ));
    }
    let mut amended = row.clone();
    let RowBody::Message(message) = &mut amended.body else {
        return Err(no_such_message());
    };
    if let Some(deletion) = &message.deleted {
        let event = Event {
            id: row.id,
            user_id: deletion.by.clone(),
            timestamp: deletion.at,
            change: None,
        };
        let rendered = Some(Box::new(render::message(id, row, message, None)));
        let seq = message.change_seq;
        return Ok(Decision::Already(Outcome::Event {
            epoch: state.row.epoch,
            seq,
            event: Box::new(event),
            message: rendered,
        }));
    }
    // The place, the sender and the time stay; everything that was said is gone.
    *message = Arc::new(StoredMessage {
        deleted: Some(Deletion {
            at: now,
            by: caller.user.clone(),
        }),
        ..StoredMessage::default()
    });
    let body = RowBody::Deletion(Target {
        seq: row.seq,
        id: row.id,
    });
    let forget = Follow::Forget { message: row.seq };
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            amended: Some(amended),
            follows: vec![forget],
            ..Following::default()
        },
    )))
}

pub(super) fn deleted() -> Problem {
    Problem::new(ErrorCode::MessageDeleted, "the message was deleted")
}
