//! Changes of a message, one after the other.

use std::sync::Arc;

use chinwag_proto::{ChatId, MessageId, Problem};

use super::{
    super::{
        Caller, Owner,
        chat::{Chat, State},
        commit::{Committed, Refused},
        no_such_message,
        request::Request,
    },
    edit::{delete, edit},
};
use crate::model::LogRow;

/// A change of a message.
#[derive(Clone, Copy)]
pub(in crate::owner) enum Change<'a> {
    Edit(&'a str),
    Delete,
    React { key: &'a str, on: bool },
}

impl Owner {
    /// Changes a message. One change of a chat's messages is decided at a time, so none is lost under another.
    pub(in crate::owner) async fn amend(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        request: Option<&Request>,
        message: MessageId,
        change: Change<'_>,
    ) -> Result<Committed, Refused> {
        let _one_at_a_time = chat.amending.lock().await;
        let place = self.ports.store.find(message).await?;
        let Some((_, seq)) = place.filter(|(found, _)| *found == id) else {
            // Whether one is a member is told first: a stranger learns nothing about messages.
            return self.commit(caller, id, chat, request, |state| {
                state.members.acting_role(caller)?;
                Err(no_such_message())
            });
        };
        let pending = chat
            .state()
            .pending
            .get(&seq)
            .map(|pending| pending.row.clone());
        let row = match pending {
            Some(row) => Some(row),
            None => self.row(id, seq).await?,
        };
        let row = row.filter(|row| row.id == message);
        let reacted = match change {
            Change::React { key, .. } => self.has_reacted(id, chat, seq, &caller.user, key).await?,
            _ => false,
        };
        let now = self.ports.clock.now();
        self.commit(caller, id, chat, request, |state| {
            let row = seen_message(caller, state, row.as_ref())?;
            match change {
                Change::Edit(content) => edit(caller, row, content, now),
                Change::Delete => delete(caller, state, id, row, now),
                Change::React { key, on } => self.react(caller, state, row, key, on, reacted),
            }
        })
    }
}

/// Returns the message where the caller may see it; an API key sees every message.
fn seen_message<'a>(
    caller: &Caller,
    state: &State,
    row: Option<&'a LogRow>,
) -> Result<&'a LogRow, Problem> {
    let visible = if caller.api_key && state.members.active(&caller.user).is_none() {
        row
    } else {
        let member = state.members.of_caller(caller)?;
        row.filter(|row| member.intervals.contains(row.seq))
    };
    visible
        .filter(|row| row.seq <= state.confirmed && row.message().is_some())
        .ok_or_else(no_such_message)
}
