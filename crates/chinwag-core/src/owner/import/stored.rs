//! An imported message as it is stored.

use std::sync::Arc;

use chinwag_proto::{Problem, Seq, UserId};

use super::{Imported, ImportedMessage, RepliedTo};
use crate::{
    model::{RowBody, StoredMessage},
    ports::Follow,
};

/// Makes a message's row, and what follows from it: its reactions and its earlier contents.
pub(super) fn stored(
    follows: &mut Vec<Follow>,
    message: ImportedMessage,
    seq: Seq,
    before: &[Result<Imported, Problem>],
) -> RowBody {
    let reply_to = message.reply_to.and_then(|answered| match answered {
        RepliedTo::Message(id) => Some(id),
        RepliedTo::Line(line) => before.get(line)?.as_ref().ok().map(|line| line.id),
    });
    for (key, users) in &message.reactions {
        follows.extend(users.iter().map(|user| Follow::Reaction {
            message: seq,
            user: user.clone(),
            key: key.clone(),
            on: true,
        }));
    }
    let versions = message.versions.into_iter().zip(0..);
    follows.extend(versions.map(|(version, nth)| Follow::KeepVersion {
        message: seq,
        version,
        nth,
    }));
    let counted =
        |(key, users): (String, Vec<UserId>)| (key, u32::try_from(users.len()).unwrap_or(u32::MAX));
    RowBody::Message(Arc::new(StoredMessage {
        content: message.content,
        client_timestamp: message.client_timestamp,
        reply_to,
        mentions: message.mentions,
        metadata: message.metadata,
        edited_at: message.edited_at,
        deleted: message.deleted,
        reactions: message.reactions.into_iter().map(counted).collect(),
        change_seq: seq,
    }))
}
