//! Reactions: one a user, message and key.

use std::sync::Arc;

use chinwag_proto::{
    ChatId, ErrorCode, Problem, UserId,
    shapes::{Event, EventChange},
};

use super::{
    super::{
        Caller, Outcome, Owner,
        chat::{Chat, State},
        decision::{Decision, Draft, Following},
        no_such_message,
    },
    edit::deleted,
};
use crate::{
    model::{LogRow, RowBody, row::Target},
    ports::Follow,
};

impl Owner {
    pub(super) async fn has_reacted(
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

    pub(super) fn react(
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
        let message = Arc::make_mut(message);
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
        Ok(Decision::Append(Draft::with(
            body,
            Following {
                amended: Some(amended),
                follows: vec![follow],
                ..Following::default()
            },
        )))
    }
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
