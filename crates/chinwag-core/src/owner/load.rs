//! Brings a chat into memory (rules T1, T2).

use std::sync::Arc;

use chinwag_proto::{ChatId, ErrorCode, Problem, Seq};

use super::{Owner, chat::Chat, members::Members, no_such_chat};

/// Members read at a time.
const PAGE: usize = 1_000;
/// How often a chat is loaded anew because its term changed meanwhile.
const TRIES: usize = 3;

impl Owner {
    /// Returns a chat that this node owns, loading it where it isn't in memory.
    ///
    /// Errors: `notFound`, `notOwner`, and those of the engines.
    pub(super) async fn chat(&self, id: ChatId) -> Result<Arc<Chat>, Problem> {
        for _ in 0..TRIES {
            let chat = self.cache.get(id, async || self.load(id).await).await?;
            if self.is_current(id, &chat) {
                let deleted = chat.state().row.deleted;
                return if deleted {
                    Err(no_such_chat())
                } else {
                    Ok(chat)
                };
            }
            // What was stamped under the earlier term lands first, so that the chat loaded anew begins above it.
            chat.rested().await;
            self.cache.remove(id, &chat);
        }
        Err(not_owner())
    }

    /// Returns whether a chat in memory belongs to the term under which this node owns it now (rule T1). Nothing is
    /// stamped in one that doesn't.
    pub(super) fn is_current(&self, id: ChatId, chat: &Chat) -> bool {
        self.lease.term_of(id, self.ports.clock.elapsed()) == Some(chat.term)
    }

    async fn load(&self, id: ChatId) -> Result<Chat, Problem> {
        let term = self
            .lease
            .term_of(id, self.ports.clock.elapsed())
            .ok_or_else(not_owner)?;
        // First: what follows from an event counts only where the log holds it.
        let last = self.adopt_tail(id, term).await?;
        let head = last.as_ref().map_or(Seq::ZERO, |last| last.seq);
        let row = self.ports.directory.chat_up_to(id, head).await?;
        let row = row.filter(|row| !row.deleted).ok_or_else(no_such_chat)?;
        let members = self.load_members(id, head).await?;
        Ok(Chat::new(term, row, members, last.as_ref()))
    }

    /// Reads the members as the adopted events left them. A row of an earlier owner that lands above them from now on
    /// gives way, and so does what it changed.
    async fn load_members(&self, id: ChatId, head: Seq) -> Result<Members, Problem> {
        let mut members = Members::default();
        let mut after = None;
        loop {
            let directory = &self.ports.directory;
            let page = directory.members_up_to(id, head, after.as_ref(), PAGE);
            let page = page.await?;
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
