//! Once per chat, sender and client id, for ever: finds what a request made before, and answers with it (rule A4).

use chinwag_proto::{ChatId, ClientId, ErrorCode, Problem, Seq, UserId};

use super::{
    Caller, Outcome, Owner,
    answer::outcome,
    arrivals::Since,
    chat::Chat,
    commit::Refused,
    no_such_chat,
    request::Request,
    window::{Arrived, FUTURE_MS},
};
use crate::model::{LogRow, RowBody};

impl Owner {
    /// Finds a request that came before, in the window or in the store (rule A4).
    pub(super) async fn arrived(
        &self,
        id: ChatId,
        chat: &Chat,
        user: &UserId,
        request: &Request,
    ) -> Result<Option<Arrived>, Problem> {
        if let Some(arrived) = chat.state().arrived(user, Some(&request.client_id)) {
            return Ok(Some(arrived));
        }
        let since = Since {
            owned: self.lease.since(id).max(chat.loaded_behind),
            born: chat.born,
        };
        let never_came = self
            .arrivals
            .never_came(since, id, user, &request.client_id);
        if !never_came && let Some(arrived) = self.sent(id, chat, user, &request.client_id).await? {
            return Ok(Some(arrived));
        }
        let now = self.ports.clock.now();
        if request
            .client_id
            .uuid_v7_time()
            .is_some_and(|time| time > now.plus_millis(FUTURE_MS))
        {
            let detail = "the clientId's time is more than two minutes ahead: correct the clock by serverTime, \
                          send the same message under a new id";
            let problem = Problem::new(ErrorCode::ClientIdFromFuture, detail);
            return Err(Problem {
                server_time: Some(now),
                ..problem
            });
        }
        Ok(None)
    }

    /// Finds a request in the store. What a row above the confirmed head says counts only where this owner placed it:
    /// an earlier owner's that landed late gives way, and nobody would ever confirm it (rule T2).
    async fn sent(
        &self,
        id: ChatId,
        chat: &Chat,
        user: &UserId,
        client_id: &ClientId,
    ) -> Result<Option<Arrived>, Problem> {
        let confirmed = chat.state().confirmed;
        let Some((seq, event)) = self.ports.store.sent(id, user, client_id).await? else {
            return Ok(None);
        };
        let row = self.row(id, seq).await?;
        // An event that came to nothing is there without its request.
        let holds = |row: &LogRow| {
            let is_placed = row.seq <= confirmed || row.term == chat.term;
            is_placed && row.id == event && row.client_id.as_ref() == Some(client_id)
        };
        Ok(row.filter(holds).map(|row| Arrived {
            seq,
            digest: row.digest.unwrap_or_default(),
        }))
    }

    /// Answers a request that came before with what it made.
    pub(super) async fn repeat(
        &self,
        caller: &Caller,
        id: ChatId,
        chat: &Chat,
        request: &Request,
        arrived: Arrived,
    ) -> Result<Outcome, Refused> {
        if arrived.digest != request.digest {
            let detail = "this clientId was used for another request of yours in this chat";
            return Err(Problem::new(ErrorCode::IdempotencyConflict, detail).into());
        }
        Self::until_confirmed(chat, arrived.seq).await?;
        let row = self.row(id, arrived.seq).await?.ok_or_else(no_such_chat)?;
        let epoch = chat.state().row.epoch;
        let target = match row.target() {
            Some(target) => self.row(id, target.seq).await?,
            None => None,
        };
        let mine = match &row.body {
            RowBody::Message(_) => {
                self.ports
                    .store
                    .reactions_of(id, &[row.seq], &caller.user)
                    .await
            }
            _ => Ok(Vec::new()),
        };
        let mine = mine?.into_iter().next();
        Ok(outcome(
            id,
            epoch,
            &row,
            target.as_ref(),
            true,
            mine.as_deref(),
        ))
    }

    /// Waits until a place is confirmed.
    pub(super) async fn until_confirmed(chat: &Chat, seq: Seq) -> Result<(), Refused> {
        loop {
            let moved = chat.moved.notified();
            {
                let state = chat.state();
                if state.confirmed >= seq {
                    return Ok(());
                }
                if state.retired {
                    return Err(Refused::Retired);
                }
            }
            moved.await;
        }
    }
}
