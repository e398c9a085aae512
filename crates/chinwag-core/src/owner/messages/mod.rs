//! Messages: sending one, and changing one.

mod change;
mod edit;
mod reaction;

use std::sync::Arc;

use chinwag_proto::{ChatId, MessageId, Problem};

pub(in crate::owner) use self::change::Change;
use super::{
    Caller, NewMessage, Owner,
    chat::Chat,
    commit::{Committed, Refused},
    decision::{Decision, Draft},
    request::Request,
};
use crate::model::{LogRow, RowBody, StoredMessage};

impl Owner {
    pub(super) async fn send(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        request: Option<&Request>,
        message: &NewMessage,
    ) -> Result<Committed, Refused> {
        let replied = match message.reply_to {
            Some(reply_to) => Some(self.message_row(id, reply_to).await?),
            None => None,
        };
        self.commit(caller, id, chat, request, |state| {
            let member = state.members.of_caller(caller)?;
            if let Some(replied) = &replied
                && !replied
                    .as_ref()
                    .is_some_and(|row| member.intervals.contains(row.seq))
            {
                return Err(Problem::field(
                    "/replyTo",
                    "is no message of this chat that you may see",
                ));
            }
            let mut mentions = message.mentions.clone();
            let mut seen = std::collections::HashSet::new();
            mentions.retain(|user| seen.insert(user.clone()));
            let stored = StoredMessage {
                content: message.content.clone(),
                client_timestamp: message.client_timestamp,
                reply_to: message.reply_to,
                mentions,
                metadata: message.metadata.clone(),
                ..StoredMessage::default()
            };
            Ok(Decision::Append(Draft::of(RowBody::Message(Arc::new(
                stored,
            )))))
        })
    }

    /// Reads a message's row by its id; none where this chat holds no such message.
    pub(super) async fn message_row(
        &self,
        id: ChatId,
        message: MessageId,
    ) -> Result<Option<LogRow>, Problem> {
        let place = self.ports.store.find(message).await?;
        let Some((_, seq)) = place.filter(|(found, _)| *found == id) else {
            return Ok(None);
        };
        Ok(self
            .row(id, seq)
            .await?
            .filter(|row| row.id == message && row.message().is_some()))
    }
}
