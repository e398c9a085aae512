//! From a command to its answer: who decides it, on which chat, and how often it's tried.

use std::{sync::Arc, time::Duration};

use chinwag_proto::{ChatId, ErrorCode, Problem};

use super::{
    Caller, Command, Outcome, Owner,
    chat::{Chat, State},
    commit::{Committed, Refused},
    decision::Decision,
    membership,
    messages::Change,
    request::request_of,
    update, validate,
    writer::unknown_outcome,
};

/// How long a caller waits for the confirmation (rule A2).
const DEADLINE: Duration = Duration::from_secs(2);
/// How often a command starts anew because the chat was given up under it.
const TRIES: usize = 3;

impl Owner {
    /// Decides a command and makes it durable.
    ///
    /// Errors are those that clients see: `notFound` for a chat that the caller isn't in, like for one that doesn't
    /// exist; `unknownOutcome` after 2 s without confirmation.
    pub async fn execute(
        self: &Arc<Self>,
        caller: &Caller,
        chat: ChatId,
        command: Command,
    ) -> Result<Outcome, Problem> {
        let deciding = self.try_execute(caller, chat, &command);
        tokio::time::timeout(DEADLINE, deciding)
            .await
            .unwrap_or_else(|_| Err(unknown_outcome()))
    }

    async fn try_execute(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        command: &Command,
    ) -> Result<Outcome, Problem> {
        self.validate(command)?;
        for _ in 0..TRIES {
            let chat = self.chat(id).await?;
            match self.run(caller, id, &chat, command).await {
                Ok(outcome) => return Ok(outcome),
                Err(Refused::Problem(problem)) => return Err(problem),
                Err(Refused::Retired) => {}
            }
        }
        Err(Problem::new(
            ErrorCode::Overloaded,
            "the chat is changing hands; try again",
        )
        .retry_after(500))
    }

    async fn run(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        command: &Command,
    ) -> Result<Outcome, Refused> {
        match command {
            Command::Read { message, unread } => {
                Ok(self.read(caller, id, chat, *message, *unread).await?)
            }
            Command::Delivered { message } => {
                Ok(self.delivered(caller, id, chat, *message).await?)
            }
            Command::Typing => Ok(self.typing(caller, id, chat).await?),
            _ => self.change(caller, id, chat, command).await,
        }
    }

    /// Decides a command that takes a place.
    async fn change(
        self: &Arc<Self>,
        caller: &Caller,
        id: ChatId,
        chat: &Arc<Chat>,
        command: &Command,
    ) -> Result<Outcome, Refused> {
        let request = request_of(command);
        // The look-up comes before the membership check: a sender removed meanwhile still learns that it was stored.
        if let Some(request) = &request
            && let Some(arrived) = self.arrived(id, chat, &caller.user, request).await?
        {
            return self.repeat(caller, id, chat, request, arrived).await;
        }
        let request = request.as_ref();
        let amend = |message, change| self.amend(caller, id, chat, request, message, change);
        let committed = match command {
            Command::Send(message) => self.send(caller, id, chat, request, message).await?,
            Command::Edit {
                message, content, ..
            } => amend(*message, Change::Edit(content)).await?,
            Command::Delete { message, .. } => amend(*message, Change::Delete).await?,
            Command::React {
                message, key, on, ..
            } => amend(*message, Change::React { key, on: *on }).await?,
            _ => self.commit(caller, id, chat, request, |state| {
                self.decide(caller, state, command)
            })?,
        };
        match committed {
            Committed::Stamped(stamped) => Ok(self.confirmed(id, stamped).await?),
            Committed::Repeated(request, arrived) => {
                self.repeat(caller, id, chat, &request, arrived).await
            }
            Committed::Already(outcome, last) => {
                Self::until_confirmed(chat, last).await?;
                Ok(outcome)
            }
        }
    }

    /// Decides the commands that need nothing but the chat in memory.
    fn decide(
        &self,
        caller: &Caller,
        state: &mut State,
        command: &Command,
    ) -> Result<Decision, Problem> {
        let now = self.ports.clock.now();
        match command {
            Command::AddMembers { users, role, .. } => {
                membership::add(caller, state, users, *role, now)
            }
            Command::PutMember { user, role, .. } if state.members.active(user).is_some() => {
                membership::change_role(caller, state, user, *role, now)
            }
            Command::PutMember { user, role, .. } => {
                membership::add(caller, state, std::slice::from_ref(user), *role, now)
            }
            Command::RemoveMember { user, .. }
                if *user == caller.user && state.members.active(user).is_some() =>
            {
                membership::leave(caller, state, user, now)
            }
            Command::RemoveMember { user, .. } => membership::remove(caller, state, user, now),
            Command::Update {
                name,
                history_visible,
                ..
            } => update::update(caller, state, name.as_deref(), *history_visible, now),
            Command::DeleteChat => update::delete(caller, state, now),
            Command::Send(_)
            | Command::Edit { .. }
            | Command::Delete { .. }
            | Command::React { .. }
            | Command::Read { .. }
            | Command::Delivered { .. }
            | Command::Typing => {
                unreachable!("decided elsewhere: `change` and `run` match on it first")
            }
        }
    }

    fn validate(&self, command: &Command) -> Result<(), Problem> {
        let limits = &self.settings.limits;
        match command {
            Command::Send(message) => validate::message(message, limits),
            Command::Edit { content, .. } => validate::content(content, limits),
            Command::React { key, .. } => validate::reaction(key, limits),
            Command::Update {
                name: Some(name), ..
            } => validate::name(name, limits),
            Command::AddMembers { users, .. }
                if users.len() > limits.members_per_request as usize =>
            {
                Err(Problem::field(
                    "/userIds",
                    format!("at most {} users", limits.members_per_request),
                ))
            }
            _ => Ok(()),
        }
    }
}
