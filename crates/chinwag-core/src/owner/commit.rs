//! From a decision to a durable event: under the chat's lock, once, confirmed.

use std::sync::Arc;

use chinwag_proto::{ChatId, Problem, Seq};

use super::{
    Caller, Outcome, Owner,
    answer::outcome,
    chat::{Chat, State},
    decision::Decision,
    request::Request,
    stamp::Stamped,
    window::Arrived,
    writer::unknown_outcome,
};
use crate::{model::LogRow, ports::EngineError};

/// Why a command came to nothing.
pub(super) enum Refused {
    /// The caller is told.
    Problem(Problem),
    /// The chat was given up meanwhile: load it and decide again.
    Retired,
}

impl From<EngineError> for Refused {
    fn from(error: EngineError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// What became of a decision.
#[expect(
    clippy::large_enum_variant,
    reason = "moved once, on the stack; a box would cost an allocation a send"
)]
pub(super) enum Committed {
    /// An event waits to be confirmed.
    Stamped(Stamped),
    /// The same request came another way.
    Repeated(Request, Arrived),
    /// It is so already, once everything up to a place is confirmed.
    Already(Outcome, Seq),
}

impl Owner {
    /// Decides under the chat's lock and stamps what was decided on.
    pub(super) fn commit(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        request: Option<&Request>,
        decide: impl FnOnce(&mut State) -> Result<Decision, Problem>,
    ) -> Result<Committed, Refused> {
        let stamped = {
            let mut state = chat.state();
            if state.retired || !self.is_current(id, chat) {
                return Err(Refused::Retired);
            }
            // Between the look-up and this lock the same request may have come another way.
            if let Some(request) = request
                && let Some(arrived) = state.arrived(&caller.user, Some(&request.client_id))
            {
                return Ok(Committed::Repeated(request.clone(), arrived));
            }
            match decide(&mut state)? {
                Decision::Already(outcome) => {
                    // Perhaps by an event that isn't confirmed yet, and may never be.
                    let last = state.head.seq;
                    return Ok(Committed::Already(outcome, last));
                }
                Decision::Append(draft) => {
                    let stamped = self.stamp(id, chat, &mut state, caller, request, draft)?;
                    self.change_path(id, chat, &mut state, &caller.user);
                    stamped
                }
            }
        };
        self.start_writing(id, chat);
        Ok(Committed::Stamped(stamped))
    }

    pub(super) async fn confirmed(&self, id: ChatId, stamped: Stamped) -> Result<Outcome, Problem> {
        stamped.done.await.map_err(|_| unknown_outcome())??;
        Ok(outcome(
            id,
            stamped.epoch,
            &stamped.row,
            stamped.target.as_ref(),
            false,
            None,
        ))
    }

    pub(super) async fn row(&self, id: ChatId, seq: Seq) -> Result<Option<LogRow>, Problem> {
        let rows = self.ports.store.rows(&[(id, seq)]).await?;
        Ok(rows.into_iter().next().flatten())
    }
}
