//! A chat's name, rule and end.

use chinwag_proto::{
    Problem, Timestamp,
    shapes::{HistoryVisible, Role},
};

use super::{
    Caller, Outcome,
    chat::State,
    decision::{Decision, Draft, Following},
    membership::administers,
};
use crate::model::{ChatRow, RowBody};

pub(super) fn update(
    caller: &Caller,
    state: &State,
    name: Option<&str>,
    history_visible: Option<HistoryVisible>,
    now: Timestamp,
) -> Result<Decision, Problem> {
    administers(
        caller,
        state,
        Role::Admin,
        "only an admin or an owner changes the chat",
    )?;
    let name = name.filter(|name| state.row.name.as_deref() != Some(name));
    let history_visible = history_visible.filter(|visible| state.row.history_visible != *visible);
    if name.is_none() && history_visible.is_none() {
        return Ok(Decision::Already(Outcome::Done));
    }
    let chat = ChatRow {
        name: name.map(str::to_owned).or_else(|| state.row.name.clone()),
        history_visible: history_visible.unwrap_or(state.row.history_visible),
        changed_at: now,
        ..state.row.clone()
    };
    let body = RowBody::Chat {
        name: name.map(str::to_owned),
        history_visible,
        deleted: false,
    };
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            chat: Some(chat),
            ..Following::default()
        },
    )))
}

pub(super) fn delete(caller: &Caller, state: &State, now: Timestamp) -> Result<Decision, Problem> {
    administers(caller, state, Role::Owner, "only an owner deletes the chat")?;
    let chat = ChatRow {
        deleted: true,
        changed_at: now,
        ..state.row.clone()
    };
    let body = RowBody::Chat {
        name: None,
        history_visible: None,
        deleted: true,
    };
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            chat: Some(chat),
            ..Following::default()
        },
    )))
}
