//! Brings a chat into memory (rules T1, T2).

use std::sync::Arc;

use chinwag_proto::{ChatId, ErrorCode, Problem};

use super::{Owner, chat::Chat, members::Members, no_such_chat};

/// Members read at a time.
const PAGE: usize = 1_000;

impl Owner {
    /// Returns a chat that this node owns, loading it where it isn't in memory.
    ///
    /// Errors: `notFound`, `notOwner`, and those of the engines.
    pub(super) async fn chat(&self, id: ChatId) -> Result<Arc<Chat>, Problem> {
        let chat = self.cache.get(id, async || self.load(id).await).await?;
        if chat.state().row.deleted {
            Err(no_such_chat())
        } else {
            Ok(chat)
        }
    }

    async fn load(&self, id: ChatId) -> Result<Chat, Problem> {
        let term = self
            .lease
            .term_of(id, self.ports.clock.elapsed())
            .ok_or_else(not_owner)?;
        let row = self
            .ports
            .directory
            .chats(&[id])
            .await?
            .into_iter()
            .next()
            .flatten();
        let row = row.filter(|row| !row.deleted).ok_or_else(no_such_chat)?;
        let last = self
            .ports
            .store
            .heads(&[id])
            .await?
            .into_iter()
            .next()
            .flatten();
        if last.as_ref().is_some_and(|last| last.term > term) {
            let detail = "the chat's log holds a later term than this node owns it under";
            return Err(Problem::new(ErrorCode::NotOwner, detail));
        }
        let members = self.load_members(id).await?;
        Ok(Chat::new(
            term,
            row,
            members,
            last.as_ref(),
            self.ports.clock.now(),
        ))
    }

    async fn load_members(&self, id: ChatId) -> Result<Members, Problem> {
        let mut members = Members::default();
        let mut after = None;
        loop {
            let page = self.ports.directory.members(id, after.as_ref(), PAGE).await;
            let page = page?;
            let full = page.len() == PAGE;
            after = page.last().map(|row| row.user.clone());
            page.into_iter().for_each(|row| members.put(row));
            if !full {
                return Ok(members);
            }
        }
    }
}

/// Makes the answer for a chat that another node owns.
pub(super) fn not_owner() -> Problem {
    Problem::new(ErrorCode::NotOwner, "this node doesn't own the chat now").retry_after(500)
}
