//! Requests whose answers are awaited, and what they are in a history.

use std::collections::BTreeMap;

use chinwag_proto::{
    ChatId, ClientId, Epoch, Seq,
    frames::{Place, Request},
    http::HistoryQuery,
};

use crate::check::{
    history::{Intent, Op},
    value::{Digest, Id},
};

/// A request under way.
pub(super) enum Asked {
    /// A change or a mark, under the name that the history has for it.
    Change { chat: ChatId, client_id: String },
    /// A sync, when it left, and the places that it named.
    Sync {
        at: u64,
        places: BTreeMap<ChatId, Place>,
    },
    /// Places after one, when they were asked for.
    Events {
        at: u64,
        epoch: Option<Epoch>,
        after: Seq,
    },
    /// A page of messages.
    History { at: u64, query: HistoryQuery },
    /// Whom to watch.
    Watch { at: u64 },
}

impl Asked {
    /// Keeps what an answer needs; none for what has no answer worth a record.
    pub(super) fn of(request: &Request, at: u64) -> Option<Self> {
        match request {
            Request::Sync(sync) => Some(Self::Sync {
                at,
                places: sync.chats.clone(),
            }),
            Request::Events { epoch, after, .. } => Some(Self::Events {
                at,
                epoch: *epoch,
                after: *after,
            }),
            Request::History(query) => Some(Self::History {
                at,
                query: query.clone(),
            }),
            Request::WatchPresence { .. } => Some(Self::Watch { at }),
            _ => None,
        }
    }
}

/// Says what a change or a mark intends; none for other requests. What has no client id is called `made_up`.
pub(super) fn intent(request: &Request, made_up: impl FnOnce() -> String) -> Option<Intent> {
    let (chat, client_id, op) = match request {
        Request::Send(frame) => {
            let digest = Digest::of(frame.content.as_bytes());
            (frame.chat_id, &frame.client_id, Op::Message { digest })
        }
        Request::Edit {
            chat_id,
            message_id,
            content,
            client_id,
        } => {
            let target = Id(message_id.0);
            let digest = Digest::of(content.as_bytes());
            (*chat_id, client_id, Op::Edit { target, digest })
        }
        Request::Delete {
            chat_id,
            message_id,
            client_id,
        } => {
            let target = Id(message_id.0);
            (*chat_id, client_id, Op::Delete { target })
        }
        Request::React(frame) | Request::Unreact(frame) => {
            let target = Id(frame.message_id.0);
            (frame.chat_id, &frame.client_id, Op::React { target })
        }
        Request::Read {
            chat_id,
            last_read_message_id,
            unread,
        } => {
            let id = Id(last_read_message_id.0);
            let unread = *unread;
            (*chat_id, &None, Op::Read { id, unread })
        }
        _ => return None,
    };
    Some(Intent {
        chat: chat.to_string(),
        client_id: client_id.as_ref().map_or_else(made_up, ClientId::to_string),
        op,
    })
}
