//! One message, its chat, and its earlier contents.

use chinwag_proto::{
    ChatId, ErrorCode, MessageId, Problem, Seq,
    http::Versions,
    shapes::{Message, Version},
};

use super::{Reads, access::View, budget::Budget};
use crate::{
    model::LogRow,
    owner::{Caller, no_such_message},
};

impl Reads {
    /// Reads one message; `notFound` where the caller may not see it.
    pub async fn message(&self, caller: &Caller, message: MessageId) -> Result<Message, Problem> {
        let (chat, seq) = self.place_of_message(message).await?;
        let view = self.view(caller, chat).await.map_err(about_message)?;
        let row = self.visible_row(&view, seq, message).await?;
        let messages = self.messages_of(&view, &[row]).await?;
        messages.into_iter().next().ok_or_else(no_such_message)
    }

    /// Finds the chat of a message that the caller may see: what PATCH and DELETE need before the owner is asked.
    /// An API key finds every message's.
    pub async fn chat_of_message(
        &self,
        caller: &Caller,
        message: MessageId,
    ) -> Result<ChatId, Problem> {
        let (chat, seq) = self.place_of_message(message).await?;
        let view = self.administered(caller, chat).await;
        let view = view.map_err(about_message)?;
        self.visible_row(&view, seq, message).await?;
        Ok(chat)
    }

    /// Reads a message's contents, oldest first, the present one last; nothing of a deleted message. Where they
    /// are more than one answer holds, the oldest are left out.
    pub async fn versions(&self, caller: &Caller, message: MessageId) -> Result<Versions, Problem> {
        let (chat, seq) = self.place_of_message(message).await?;
        let view = self.view(caller, chat).await.map_err(about_message)?;
        let row = self.visible_row(&view, seq, message).await?;
        let message = row.message().ok_or_else(no_such_message)?;
        if message.deleted.is_some() {
            let versions = Vec::new();
            return Ok(Versions { versions });
        }
        self.settled(&view, message.change_seq).await?;
        let present = Version {
            content: message.content.clone(),
            timestamp: message.edited_at.unwrap_or(row.timestamp),
        };
        let mut versions = self.ports.store.versions(chat, seq).await?;
        // An edit that came after the row was read has made the present content an earlier one.
        if let Some(at) = versions.iter().position(|version| *version == present) {
            versions.truncate(at);
        }
        versions.push(present);
        let mut budget = Budget::new(&self.limits);
        let newest = versions.iter().rev();
        let fitting = newest.take_while(|version| budget.take(version)).count();
        versions.drain(..versions.len() - fitting);
        Ok(Versions { versions })
    }

    async fn place_of_message(&self, message: MessageId) -> Result<(ChatId, Seq), Problem> {
        let found = self.ports.store.find(message).await?;
        found.ok_or_else(no_such_message)
    }

    async fn visible_row(
        &self,
        view: &View,
        seq: Seq,
        message: MessageId,
    ) -> Result<LogRow, Problem> {
        let rows = self.ports.store.rows(&[(view.chat, seq)]).await?;
        let row = rows.into_iter().next().flatten();
        let visible = |row: &LogRow| row.id == message && row.message().is_some() && view.sees(row);
        row.filter(visible).ok_or_else(no_such_message)
    }
}

/// The chat is not the caller's word here, so the answer speaks of the message.
fn about_message(problem: Problem) -> Problem {
    match problem.code {
        ErrorCode::NotFound => no_such_message(),
        _ => problem,
    }
}

#[cfg(test)]
mod tests;
