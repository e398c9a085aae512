//! Who is in a chat: adding, removing, leaving, roles.

use chinwag_proto::{
    ErrorCode, Problem, Seq, Timestamp, UserId,
    shapes::{ChatType, HistoryVisible, MembershipChange, Role},
};

use super::{
    Caller, Outcome,
    chat::State,
    decision::{Decision, Draft, Following},
};
use crate::model::{MemberRow, RowBody};

/// Makes a membership that begins at a place, going on with what was seen before.
pub(super) fn joining(
    state: &State,
    user: &UserId,
    role: Role,
    seq: Seq,
    now: Timestamp,
) -> MemberRow {
    let mut intervals = state
        .members
        .get(user)
        .map(|row| row.intervals.clone())
        .unwrap_or_default();
    intervals.open(match state.row.history_visible {
        HistoryVisible::All => Seq(1),
        HistoryVisible::Joined => seq,
    });
    MemberRow {
        chat: state.row.id,
        user: user.clone(),
        role,
        active: true,
        joined_at: now,
        joined_seq: seq,
        intervals,
        changed_at: now,
    }
}

pub(super) fn add(
    caller: &Caller,
    state: &mut State,
    users: &[UserId],
    role: Role,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let acting = administers(
        caller,
        state,
        Role::Admin,
        "only an admin or an owner adds members",
    )?;
    if role > Role::Member {
        at_least(acting, Role::Owner, "only an owner names admins and owners")?;
    }
    let mut new: Vec<&UserId> = users
        .iter()
        .filter(|user| state.members.active(user).is_none())
        .collect();
    new.sort_unstable();
    new.dedup();
    if new.is_empty() {
        return Ok(Decision::Already(Outcome::Done));
    }
    let seq = state.next_seq();
    let members: Vec<MemberRow> = new
        .iter()
        .map(|user| joining(state, user, role, seq, now))
        .collect();
    let body = RowBody::Membership {
        change: MembershipChange::Added,
        users: members.iter().map(|member| member.user.clone()).collect(),
        role: Some(role),
        heir: None,
    };
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            members,
            ..Following::default()
        },
    )))
}

pub(super) fn change_role(
    caller: &Caller,
    state: &mut State,
    user: &UserId,
    role: Role,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let acting = state.members.acting_role(caller)?;
    only_in_groups(state)?;
    let Some(member) = state.members.active(user) else {
        return Err(no_such_member());
    };
    if member.role == role {
        return Ok(Decision::Already(Outcome::Done));
    }
    at_least(acting, Role::Owner, "only an owner changes roles")?;
    let other_owner = state
        .members
        .all_active()
        .any(|row| row.role == Role::Owner && row.user != *user);
    if member.role == Role::Owner && !other_owner {
        return Err(Problem::new(
            ErrorCode::Conflict,
            "the last owner stays one: name another owner first",
        ));
    }
    let changed = MemberRow {
        role,
        changed_at: now,
        ..member.clone()
    };
    let body = RowBody::Membership {
        change: MembershipChange::Role,
        users: vec![user.clone()],
        role: Some(role),
        heir: None,
    };
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            members: vec![changed],
            ..Following::default()
        },
    )))
}

pub(super) fn leave(
    caller: &Caller,
    state: &mut State,
    user: &UserId,
    now: Timestamp,
) -> Result<Decision, Problem> {
    state.members.of_caller(caller)?;
    only_in_groups(state)?;
    end_membership(state, user, MembershipChange::Left, now)
}

pub(super) fn remove(
    caller: &Caller,
    state: &mut State,
    user: &UserId,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let acting = administers(
        caller,
        state,
        Role::Admin,
        "only an admin or an owner removes members",
    )?;
    let Some(member) = state.members.active(user) else {
        return Err(no_such_member());
    };
    if member.role >= Role::Admin {
        at_least(
            acting,
            Role::Owner,
            "only an owner removes admins and owners",
        )?;
    }
    end_membership(state, user, MembershipChange::Removed, now)
}

/// Ends a membership; where the last owner goes, the heir becomes owner in the same event.
fn end_membership(
    state: &State,
    user: &UserId,
    change: MembershipChange,
    now: Timestamp,
) -> Result<Decision, Problem> {
    let heir = state.members.heir_of(user).cloned();
    let heir_id = heir.as_ref().map(|row| row.user.clone());
    let mut members = vec![ending(state, user, now)?];
    members.extend(heir.map(|row| MemberRow {
        role: Role::Owner,
        changed_at: now,
        ..row
    }));
    let body = RowBody::Membership {
        change,
        users: vec![user.clone()],
        role: heir_id.as_ref().map(|_| Role::Owner),
        heir: heir_id,
    };
    Ok(Decision::Append(Draft::with(
        body,
        Following {
            members,
            ..Following::default()
        },
    )))
}

/// Makes the membership that ends with the next place; the leaver still sees that one.
fn ending(state: &State, user: &UserId, now: Timestamp) -> Result<MemberRow, Problem> {
    let mut member = state
        .members
        .active(user)
        .cloned()
        .ok_or_else(no_such_member)?;
    member.intervals.close(state.next_seq());
    Ok(MemberRow {
        active: false,
        changed_at: now,
        ..member
    })
}

/// Returns the role that a caller acts with in a group, where it is enough.
pub(super) fn administers(
    caller: &Caller,
    state: &State,
    needed: Role,
    detail: &str,
) -> Result<Role, Problem> {
    let acting = state.members.acting_role(caller)?;
    only_in_groups(state)?;
    at_least(acting, needed, detail)?;
    Ok(acting)
}

fn only_in_groups(state: &State) -> Result<(), Problem> {
    match state.row.kind {
        ChatType::Group => Ok(()),
        ChatType::Direct => Err(Problem::new(
            ErrorCode::NotAllowed,
            "a direct chat keeps its two members and has no name",
        )),
    }
}

fn at_least(role: Role, needed: Role, detail: &str) -> Result<(), Problem> {
    if role >= needed {
        Ok(())
    } else {
        Err(Problem::new(ErrorCode::Forbidden, detail))
    }
}

fn no_such_member() -> Problem {
    Problem::new(ErrorCode::NotFound, "there is no such member")
}
