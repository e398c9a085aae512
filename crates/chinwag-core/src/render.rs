//! Turns stored rows into what clients see: the same for live delivery, sync, history and search.

use std::collections::HashMap;

use chinwag_proto::{
    ChatId, Epoch, Seq,
    frames::{LogBody, LogFrame},
    shapes::{Event, EventChange, Message, MessageStatus, Reaction},
};

use crate::{
    model::{LogRow, RowBody, StoredMessage},
    ports::{BroadcastFrame, Directory, EngineResult, MessageStore},
};

/// Renders a message row; `mine` are the keys with which the asking user reacted, none in live frames.
#[must_use]
pub fn message(
    chat: ChatId,
    row: &LogRow,
    stored: &StoredMessage,
    mine: Option<&[String]>,
) -> Message {
    let status = match (&stored.deleted, &stored.edited_at) {
        (Some(_), _) => MessageStatus::Deleted,
        (None, Some(_)) => MessageStatus::Edited,
        (None, None) => MessageStatus::Sent,
    };
    let reaction = |(key, count): &(String, u32)| Reaction {
        key: key.clone(),
        count: *count,
        mine: mine.map(|keys| keys.contains(key)),
    };
    Message {
        id: row.id,
        chat_id: chat,
        seq: row.seq,
        sender_id: row.user.clone(),
        client_id: row.client_id.clone(),
        content: stored.content.clone(),
        timestamp: row.timestamp,
        client_timestamp: stored.client_timestamp,
        status,
        edited_at: stored.edited_at,
        deleted_at: stored.deleted.as_ref().map(|deletion| deletion.at),
        deleted_by: stored.deleted.as_ref().map(|deletion| deletion.by.clone()),
        reply_to: stored.reply_to,
        mentions: stored.mentions.clone(),
        metadata: stored.metadata.clone(),
        reactions: stored.reactions.iter().map(reaction).collect(),
        change_seq: stored.change_seq,
    }
}

/// Renders the event of a row that holds no message.
#[must_use]
pub fn event(row: &LogRow) -> Event {
    let change = match &row.body {
        RowBody::Reaction {
            target,
            key,
            on,
            count,
        } => Some(EventChange::Reaction {
            message_id: target.id,
            key: key.clone(),
            on: *on,
            count: *count,
        }),
        RowBody::Membership {
            change,
            users,
            role,
            heir,
        } => Some(EventChange::Membership {
            change: *change,
            user_ids: users.clone(),
            role: *role,
            heir: heir.clone(),
        }),
        RowBody::Chat {
            name,
            history_visible,
            deleted,
        } => Some(EventChange::Chat {
            name: name.clone(),
            history_visible: *history_visible,
            deleted: deleted.then_some(true),
        }),
        RowBody::Message(_)
        | RowBody::Edit(_)
        | RowBody::Deletion(_)
        | RowBody::Term
        | RowBody::Path { .. } => None,
    };
    Event {
        id: row.id,
        user_id: row.user.clone(),
        timestamp: row.timestamp,
        change,
    }
}

/// Renders the frame at a place for one who may see it.
///
/// `target` is the row of the message that an edit or deletion is about, as it is now; where it is missing the
/// place is `hidden`, so that it still fills its gap.
#[must_use]
pub fn frame(chat: ChatId, epoch: Epoch, row: &LogRow, target: Option<&LogRow>) -> LogFrame {
    let changed = || target.and_then(|target| Some(message(chat, target, target.message()?, None)));
    let body = match &row.body {
        RowBody::Message(stored) => LogBody::Message {
            message: message(chat, row, stored, None),
        },
        RowBody::Edit(_) => changed().map_or(LogBody::Hidden, |message| LogBody::MessageEdited {
            event_id: row.id,
            message,
        }),
        RowBody::Deletion(_) => {
            changed().map_or(LogBody::Hidden, |message| LogBody::MessageDeleted {
                event_id: row.id,
                message,
            })
        }
        RowBody::Reaction { .. } => LogBody::Reaction { event: event(row) },
        RowBody::Membership { .. } => LogBody::Membership { event: event(row) },
        RowBody::Chat { .. } => LogBody::Chat { event: event(row) },
        RowBody::Term | RowBody::Path { .. } => LogBody::Hidden,
    };
    LogFrame {
        chat_id: chat,
        epoch,
        seq: row.seq,
        body,
    }
}

/// Renders a place that the member may not see.
#[must_use]
pub fn hidden(chat: ChatId, epoch: Epoch, row: &LogRow) -> LogFrame {
    LogFrame {
        chat_id: chat,
        epoch,
        seq: row.seq,
        body: LogBody::Hidden,
    }
}

/// Renders rows as they go out on a topic: once for everybody, with the places of what they are about.
pub async fn broadcast(
    store: &dyn MessageStore,
    directory: &dyn Directory,
    chat: ChatId,
    rows: &[LogRow],
) -> EngineResult<Vec<BroadcastFrame>> {
    let found = directory.chats(&[chat]).await?.into_iter().next().flatten();
    let epoch = found.map_or_else(Epoch::default, |row| row.epoch);
    let places: Vec<(ChatId, Seq)> = rows
        .iter()
        .filter_map(|row| Some((chat, row.target()?.seq)))
        .collect();
    let targets: HashMap<Seq, LogRow> = if places.is_empty() {
        HashMap::new()
    } else {
        let found = store.rows(&places).await?;
        found
            .into_iter()
            .flatten()
            .map(|row| (row.seq, row))
            .collect()
    };
    let broadcast_frame = |row: &LogRow| {
        let target = row.target().map(|target| target.seq);
        let changed = target.and_then(|seq| targets.get(&seq));
        BroadcastFrame {
            frame: frame(chat, epoch, row, changed),
            target,
            hidden_from: Vec::new(),
            except: None,
        }
    };
    Ok(rows.iter().map(broadcast_frame).collect())
}
