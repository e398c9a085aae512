//! Messages, edits, deletions, reactions.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, ErrorCode, MessageId, Problem, Timestamp, UserId,
    shapes::{Event, EventChange, Role, Version},
};

use super::{
    Caller, Command, NewMessage, Outcome, Owner,
    chat::{Chat, State},
    commit::{Committed, Decision, Draft, Refused, Request},
    no_such_message, validate,
};
use crate::{
    model::{Deletion, LogRow, RowBody, StoredMessage, row::Target},
    ports::Follow,
    render,
};

/// A change of a message.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    Edit(&'a str),
    Delete,
    React { key: &'a str, on: bool },
}

impl Owner {
    pub(super) fn validate(&self, command: &Command) -> Result<(), Problem> {
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
            Ok(Decision::Append(Draft::of(RowBody::Message(Box::new(
                stored,
            )))))
        })
    }

    /// Changes a message. One change of a chat's messages is decided at a time, so none is lost under another.
    pub(super) async fn amend(
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

    async fn has_reacted(
        &self,
        id: ChatId,
        chat: &Chat,
        seq: chinwag_proto::Seq,
        user: &UserId,
        key: &str,
    ) -> Result<bool, Problem> {
        let pending = {
            let state = chat.state();
            let pending = state.pending.get(&seq);
            pending.and_then(|pending| {
                pending
                    .reactions
                    .get(&(user.clone(), key.to_owned()))
                    .copied()
            })
        };
        if let Some(on) = pending {
            return Ok(on);
        }
        let keys = self.ports.store.reactions_of(id, &[seq], user).await?;
        Ok(keys
            .into_iter()
            .next()
            .unwrap_or_default()
            .iter()
            .any(|held| held == key))
    }

    fn react(
        &self,
        caller: &Caller,
        state: &State,
        row: &LogRow,
        key: &str,
        on: bool,
        reacted: bool,
    ) -> Result<Decision, Problem> {
        state.members.of_caller(caller)?;
        let mut amended = row.clone();
        let RowBody::Message(message) = &mut amended.body else {
            return Err(no_such_message());
        };
        if message.deleted.is_some() {
            return Err(deleted());
        }
        let position = message.reactions.iter().position(|(held, _)| held == key);
        let held = position.map_or(0, |index| message.reactions[index].1);
        if on == reacted {
            return Ok(Decision::Already(unchanged_reaction(
                state, caller, row, key, on, held,
            )));
        }
        let count = if on { held + 1 } else { held.saturating_sub(1) };
        match position {
            Some(index) if count == 0 => drop(message.reactions.remove(index)),
            Some(index) => message.reactions[index].1 = count,
            None => {
                let most = self.settings.limits.reaction_keys as usize;
                if message.reactions.len() >= most {
                    return Err(Problem::new(
                        ErrorCode::Conflict,
                        format!("at most {most} different reactions a message"),
                    ));
                }
                message.reactions.push((key.to_owned(), count));
            }
        }
        let target = Target {
            seq: row.seq,
            id: row.id,
        };
        let body = RowBody::Reaction {
            target,
            key: key.to_owned(),
            on,
            count,
        };
        let follow = Follow::Reaction {
            message: row.seq,
            user: caller.user.clone(),
            key: key.to_owned(),
            on,
        };
        Ok(Decision::Append(Draft {
            amended: Some(amended),
            follows: vec![follow],
            ..Draft::of(body)
        }))
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

fn edit(caller: &Caller, row: &LogRow, content: &str, now: Timestamp) -> Result<Decision, Problem> {
    let mut amended = row.clone();
    let RowBody::Message(message) = &mut amended.body else {
        return Err(no_such_message());
    };
    if row.user != caller.user {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "only the author edits a message",
        ));
    }
    if message.deleted.is_some() {
        return Err(deleted());
    }
    let since = message.edited_at.unwrap_or(row.timestamp);
    let version = Version {
        content: std::mem::replace(&mut message.content, content.to_owned()),
        timestamp: since,
    };
    message.edited_at = Some(now);
    let keep = Follow::KeepVersion {
        message: row.seq,
        version,
        nth: 0,
    };
    let body = RowBody::Edit(Target {
        seq: row.seq,
        id: row.id,
    });
    Ok(Decision::Append(Draft {
        amended: Some(amended),
        follows: vec![keep],
        ..Draft::of(body)
    }))
}

fn delete(
    caller: &Caller,
    state: &State,
    id: ChatId,
    row: &LogRow,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let may = row.user == caller.user || state.members.acting_role(caller)? >= Role::Admin;
    if !may {
        return Err(Problem::new(
            ErrorCode::Forbidden,
            "only the author or an admin deletes a message",
        ));
    }
    let mut amended = row.clone();
    let RowBody::Message(message) = &mut amended.body else {
        return Err(no_such_message());
    };
    if let Some(deletion) = &message.deleted {
        let event = Event {
            id: row.id,
            user_id: deletion.by.clone(),
            timestamp: deletion.at,
            change: None,
        };
        let rendered = Some(Box::new(render::message(id, row, message, None)));
        let seq = message.change_seq;
        return Ok(Decision::Already(Outcome::Event {
            epoch: state.row.epoch,
            seq,
            event: Box::new(event),
            message: rendered,
        }));
    }
    // The place, the sender and the time stay; everything that was said is gone.
    **message = StoredMessage {
        deleted: Some(Deletion {
            at: now,
            by: caller.user.clone(),
        }),
        ..StoredMessage::default()
    };
    let body = RowBody::Deletion(Target {
        seq: row.seq,
        id: row.id,
    });
    let forget = Follow::Forget { message: row.seq };
    Ok(Decision::Append(Draft {
        amended: Some(amended),
        follows: vec![forget],
        ..Draft::of(body)
    }))
}

fn unchanged_reaction(
    state: &State,
    caller: &Caller,
    row: &LogRow,
    key: &str,
    on: bool,
    count: u32,
) -> Outcome {
    let change = EventChange::Reaction {
        message_id: row.id,
        key: key.to_owned(),
        on,
        count,
    };
    let event = Event {
        id: row.id,
        user_id: caller.user.clone(),
        timestamp: row.timestamp,
        change: Some(change),
    };
    let seq = row.message().map_or(row.seq, |message| message.change_seq);
    Outcome::Event {
        epoch: state.row.epoch,
        seq,
        event: Box::new(event),
        message: None,
    }
}

fn deleted() -> Problem {
    Problem::new(ErrorCode::MessageDeleted, "the message was deleted")
}
