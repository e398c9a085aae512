//! Gives an event its place and id, and lets it wait for the writer with what follows from it.

use std::sync::Arc;

use chinwag_proto::{ChatId, ErrorCode, Problem, SessionId, UserId};
use tokio::sync::oneshot;

use super::{
    Caller, Owner,
    chat::{Chat, NextEvent, Outgoing, Pending, State, Waiting},
    decision::{Draft, Following},
    path::{brings_members, groups, topic_change},
    request::Request,
    window::Arrived,
};
use crate::{
    model::{ChatRow, LogRow, RowBody},
    ports::{Append, Follow},
};

/// A row that waits to be confirmed.
pub(super) struct Stamped {
    pub(super) epoch: chinwag_proto::Epoch,
    pub(super) row: LogRow,
    pub(super) target: Option<LogRow>,
    pub(super) done: oneshot::Receiver<Result<(), Problem>>,
}

impl Owner {
    /// Gives the draft its place and id, and lets it wait for the writer.
    pub(super) fn stamp(
        &self,
        id: ChatId,
        chat: &Chat,
        state: &mut State,
        caller: &Caller,
        request: Option<&Request>,
        draft: Draft,
    ) -> Result<Stamped, Problem> {
        if state.waiting.len() >= self.settings.waiting_per_chat {
            let detail = "too many events of this chat wait to be stored";
            return Err(Problem::new(ErrorCode::Overloaded, detail).retry_after(1_000));
        }
        if state.term_due {
            let row = self.next_row(chat, state, &caller.user, None, RowBody::Term)?;
            state.term_due = false;
            self.enqueue(id, state, row, Following::default(), None, None);
        }
        let row = self.next_row(chat, state, &caller.user, request, draft.body)?;
        let (answer, done) = oneshot::channel();
        let (following, except) = (draft.following, caller.session);
        let target = self.enqueue(id, state, row.clone(), following, Some(answer), except);
        if let Some(request) = request {
            let arrived = Arrived {
                seq: row.seq,
                digest: request.digest,
            };
            let confirmed = state.confirmed;
            let now = self.ports.clock.now();
            self.arrivals
                .insert(now, id, &caller.user, &request.client_id);
            state
                .window
                .insert(now, &caller.user, &request.client_id, arrived, confirmed);
        }
        Ok(Stamped {
            epoch: state.row.epoch,
            row,
            target,
            done,
        })
    }

    pub(super) fn next_row(
        &self,
        chat: &Chat,
        state: &mut State,
        user: &UserId,
        request: Option<&Request>,
        body: RowBody,
    ) -> Result<LogRow, Problem> {
        let now = self.ports.clock.now();
        let Some(id) = self.ids.next(now, state.head.id) else {
            return Err(self.no_id());
        };
        let event = NextEvent {
            id,
            user: user.clone(),
            timestamp: now,
            client_id: request.map(|request| request.client_id.clone()),
            digest: request.map(|request| request.digest),
            body,
        };
        Ok(state.take_place(chat.term, event))
    }

    /// Lets a stamped row wait, with what follows from it; returns the changed message.
    pub(super) fn enqueue(
        &self,
        id: ChatId,
        state: &mut State,
        row: LogRow,
        following: Following,
        done: Option<oneshot::Sender<Result<(), Problem>>>,
        except: Option<SessionId>,
    ) -> Option<LogRow> {
        let was_large = state.row.large;
        let topics = topic_change(&row, was_large, &following.members);
        // Whoever is added hears of it; whoever is removed, too.
        let before = state.members.audience();
        let (target, follows) = take_effect(state, &row, following);
        let audience = if brings_members(&row) {
            state.members.audience()
        } else {
            before
        };
        let both = self.ports.clock.elapsed() < state.both_paths_until;
        let outgoing = Outgoing {
            audience,
            target: target.clone(),
            except,
            direct: !was_large || !state.row.large || both,
            topics,
            minute: None,
        };
        let on_topic = was_large || state.row.large || both;
        let feeds_devices = self.feeds_devices();
        let append = Append {
            chat: id,
            groups: groups(&row, on_topic, feeds_devices),
            row,
            follows,
        };
        state.waiting.push_back(Waiting {
            append,
            outgoing,
            done,
        });
        target
    }
}

/// Lets an event take effect in memory; returns the changed message and what the store must hold with the event.
fn take_effect(
    state: &mut State,
    row: &LogRow,
    following: Following,
) -> (Option<LogRow>, Vec<Follow>) {
    let mut follows = following.follows;
    let target = following.amended.map(|mut amended| {
        if let RowBody::Message(message) = &mut amended.body {
            Arc::make_mut(message).change_seq = row.seq;
        }
        amended
    });
    if let Some(target) = &target {
        follows.push(Follow::Amend(target.clone()));
        keep_pending(state, target, &follows);
    }
    for member in &following.members {
        state.members.put(member.clone());
    }
    follows.extend(following.members.into_iter().map(Follow::Member));
    let members = state.member_count();
    if following.chat.is_some() || members != state.row.members {
        state.row = ChatRow {
            members,
            ..following.chat.unwrap_or_else(|| state.row.clone())
        };
        follows.push(Follow::Chat(state.row.clone()));
    }
    (target, follows)
}

/// Remembers a changed message until the store has it, with the reactions that changed.
fn keep_pending(state: &mut State, target: &LogRow, follows: &[Follow]) {
    let pending = state.pending.entry(target.seq).or_insert_with(|| Pending {
        row: target.clone(),
        reactions: Default::default(),
    });
    pending.row = target.clone();
    for follow in follows {
        if let Follow::Reaction { user, key, on, .. } = follow {
            pending.reactions.insert((user.clone(), key.clone()), *on);
        }
    }
}
