//! A chat's members in the owner's memory, and what each may do.

use std::{collections::HashMap, sync::Arc};

use chinwag_proto::{ErrorCode, Problem, Seq, UserId, shapes::Role};

use super::command::Caller;
use crate::model::MemberRow;

/// Those whom an event goes to, shared by all events between two membership changes.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// Active members.
    pub(super) users: Arc<[UserId]>,
    /// Members who don't see every place: each target must be looked at for them.
    pub(super) restricted: Vec<MemberRow>,
}

impl Audience {
    fn of<'m>(members: impl Iterator<Item = &'m MemberRow>) -> Self {
        let members: Vec<&MemberRow> = members.collect();
        let restricted = members.iter().filter(|row| !row.intervals.are_all());
        Self {
            restricted: restricted.copied().cloned().collect(),
            users: members.iter().map(|row| row.user.clone()).collect(),
        }
    }
}

/// Everyone who is or was a member.
#[derive(Debug, Default)]
pub(super) struct Members {
    rows: HashMap<UserId, MemberRow>,
    active: usize,
    audience: Option<Arc<Audience>>,
}

impl Members {
    /// Puts a membership in, or in place of what it was.
    pub(super) fn put(&mut self, row: MemberRow) {
        self.audience = None;
        let is_active = row.active;
        let was_active = self
            .rows
            .insert(row.user.clone(), row)
            .is_some_and(|old| old.active);
        self.active = self.active + usize::from(is_active) - usize::from(was_active);
    }

    /// Returns a membership, ended or not.
    pub(super) fn get(&self, user: &UserId) -> Option<&MemberRow> {
        self.rows.get(user)
    }

    /// Returns an active member.
    pub(super) fn active(&self, user: &UserId) -> Option<&MemberRow> {
        self.rows.get(user).filter(|row| row.active)
    }

    /// Returns every active member, in no order.
    pub(super) fn all_active(&self) -> impl Iterator<Item = &MemberRow> {
        self.rows.values().filter(|row| row.active)
    }

    /// Returns how many are active.
    pub(super) fn count(&self) -> usize {
        self.active
    }

    /// Returns how many rows are held, for the cache's bound.
    pub(super) fn held(&self) -> usize {
        self.rows.len()
    }

    /// Returns those whom an event goes to now.
    pub(super) fn audience(&mut self) -> Arc<Audience> {
        if let Some(audience) = &self.audience {
            return Arc::clone(audience);
        }
        let audience = Arc::new(Audience::of(self.all_active()));
        self.audience = Some(Arc::clone(&audience));
        audience
    }

    /// Returns those of them who see a place: whoever came after it doesn't.
    pub(super) fn audience_at(&self, seq: Seq) -> Arc<Audience> {
        let active = self.all_active();
        Arc::new(Audience::of(
            active.filter(|row| row.intervals.contains(seq)),
        ))
    }

    /// Returns the caller's membership, or `notFound` as if there were no chat.
    pub(super) fn of_caller(&self, caller: &Caller) -> Result<&MemberRow, Problem> {
        self.active(&caller.user).ok_or_else(no_such_chat)
    }

    /// Returns the role that a caller acts with: an API key acts as an owner, a member or not.
    pub(super) fn acting_role(&self, caller: &Caller) -> Result<Role, Problem> {
        if caller.api_key {
            Ok(Role::Owner)
        } else {
            Ok(self.of_caller(caller)?.role)
        }
    }

    /// Returns who becomes owner when `leaving`, the last owner, goes: the oldest admin, else the oldest member.
    pub(super) fn heir_of(&self, leaving: &UserId) -> Option<&MemberRow> {
        let is_owner = self
            .active(leaving)
            .is_some_and(|row| row.role == Role::Owner);
        let others = || self.all_active().filter(|row| row.user != *leaving);
        if !is_owner || others().any(|row| row.role == Role::Owner) {
            return None;
        }
        let age = |row: &&MemberRow| {
            (
                std::cmp::Reverse(row.role),
                row.joined_seq,
                row.user.clone(),
            )
        };
        others().min_by_key(age)
    }
}

/// Makes the answer for a chat that doesn't exist, or that the caller isn't in: the same, everywhere.
pub fn no_such_chat() -> Problem {
    Problem::new(ErrorCode::NotFound, "there is no such chat for you")
}

/// Makes the answer for a message that doesn't exist, or that the caller may not see.
pub fn no_such_message() -> Problem {
    Problem::new(ErrorCode::NotFound, "there is no such message for you")
}

#[cfg(test)]
mod tests {
    use chinwag_proto::{ChatId, Timestamp};

    use super::*;
    use crate::model::Intervals;

    fn member(user: &str, role: Role, joined: u64) -> MemberRow {
        MemberRow {
            chat: ChatId(1),
            user: UserId::new(user).unwrap(),
            role,
            active: true,
            joined_at: Timestamp::default(),
            joined_seq: Seq(joined),
            intervals: Intervals::from(Seq(joined)),
            changed_at: Timestamp::default(),
        }
    }

    fn heir(rows: &[MemberRow]) -> Option<String> {
        let mut members = Members::default();
        rows.iter().for_each(|row| members.put(row.clone()));
        members
            .heir_of(&UserId::new("ana").unwrap())
            .map(|row| row.user.to_string())
    }

    #[test]
    fn the_last_owners_leaving_makes_the_oldest_admin_else_the_oldest_member_owner() {
        let ana = member("ana", Role::Owner, 1);
        let old = member("ben", Role::Member, 2);
        let admin = member("cem", Role::Admin, 5);
        let younger = member("dan", Role::Admin, 7);
        assert_eq!(
            heir(&[ana.clone(), old.clone(), admin, younger]),
            Some("cem".into())
        );
        assert_eq!(
            heir(&[ana.clone(), member("eva", Role::Member, 9), old]),
            Some("ben".into())
        );
        assert_eq!(heir(&[ana.clone(), member("fay", Role::Owner, 3)]), None);
        assert_eq!(heir(&[ana]), None);
    }

    #[test]
    fn a_member_who_left_is_counted_no_more() {
        let mut members = Members::default();
        members.put(member("ana", Role::Owner, 1));
        members.put(MemberRow {
            active: false,
            ..member("ana", Role::Owner, 1)
        });
        assert_eq!((members.count(), members.held()), (0, 1));
        assert!(members.audience().users.is_empty());
    }
}
