//! Where chats end, as far as it is confirmed (rule A3).

use chinwag_proto::{ChatId, Problem};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{ConfirmedHead, Owner, load::not_owner, no_such_chat};
use crate::model::LogRow;

/// Chats of an earlier term that are loaded at a time to learn where they end.
const LOADED_AT_ONCE: usize = 16;

impl Owner {
    /// Tells the confirmed end of each chat; the answer has the order and length of the question, none where a
    /// chat has no event or is gone. Nobody shows a place above it (rule A3).
    ///
    /// Errors: `notOwner` where another node owns one of them; those of the engines.
    pub async fn heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        let mut heads: Vec<_> = chats.iter().map(|chat| self.cached_head(*chat)).collect();
        let missing: Vec<ChatId> = chats
            .iter()
            .zip(&heads)
            .filter(|(_, head)| head.is_none())
            .map(|(chat, _)| *chat)
            .collect();
        if !missing.is_empty() {
            let mut stored = self.stored_heads(&missing).await?.into_iter();
            for head in heads.iter_mut().filter(|head| head.is_none()) {
                *head = stored.next();
            }
        }
        // Afterwards: while this node owns a chat, nobody else moves its end.
        if !self.settings.sole && !chats.iter().all(|chat| self.owns(*chat)) {
            return Err(not_owner());
        }
        Ok(heads.into_iter().map(Option::flatten).collect())
    }

    async fn stored_heads(&self, chats: &[ChatId]) -> Result<Vec<Option<ConfirmedHead>>, Problem> {
        let rows = self.ports.store.heads(chats).await?;
        let chat_rows = self.ports.directory.chats(chats).await?;
        let mut heads = Vec::with_capacity(chats.len());
        let mut doubtful = Vec::new();
        for ((chat, last), row) in chats.iter().zip(rows).zip(chat_rows) {
            // A chat that came into memory meanwhile may have rows in the store that are not confirmed.
            if let Some(head) = self.cached_head(*chat) {
                heads.push(head);
                continue;
            }
            if self.is_left_by_another_term(*chat, last.as_ref()) {
                doubtful.push((heads.len(), *chat));
            }
            heads.push(row.filter(|row| !row.deleted).and_then(|row| {
                Some(ConfirmedHead {
                    chat: *chat,
                    epoch: row.epoch,
                    seq: last?.seq,
                })
            }));
        }
        // Made here, so that what is waited for holds no closure: nothing could then be sent between threads.
        let loads: Vec<_> = doubtful
            .iter()
            .map(|(_, chat)| self.loaded_head(*chat))
            .collect();
        let loads = stream::iter(loads).buffered(LOADED_AT_ONCE);
        let loaded: Vec<_> = loads.try_collect().await?;
        for ((at, _), head) in doubtful.into_iter().zip(loaded) {
            heads[at] = head;
        }
        Ok(heads)
    }

    /// Returns whether a chat's last row may be one that an owner before left unconfirmed: this one has to adopt it, or let
    /// it give way, before anybody sees it (rule T2).
    fn is_left_by_another_term(&self, chat: ChatId, last: Option<&LogRow>) -> bool {
        let now = self.ports.clock.elapsed();
        let (Some(last), false) = (last, self.settings.sole) else {
            return false;
        };
        self.lease.term_of(chat, now) != Some(last.term)
    }

    async fn loaded_head(&self, chat: ChatId) -> Result<Option<ConfirmedHead>, Problem> {
        match self.chat(chat).await {
            Ok(_) => Ok(self.cached_head(chat).flatten()),
            Err(problem) if problem.code == no_such_chat().code => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Returns a chat's head where it is in memory; the inner none: it has no confirmed event, or is gone.
    fn cached_head(&self, chat: ChatId) -> Option<Option<ConfirmedHead>> {
        let cached = self.cache.peek(chat)?;
        if !self.settings.sole && !self.is_current(chat, &cached) {
            return None;
        }
        let state = cached.state();
        if state.retired {
            return None;
        }
        let shown = state.confirmed.0 > 0 && !state.row.deleted;
        Some(shown.then_some(ConfirmedHead {
            chat,
            epoch: state.row.epoch,
            seq: state.confirmed,
        }))
    }
}
