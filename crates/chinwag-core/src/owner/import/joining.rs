//! Who is a member, as imported lines say.

use chinwag_proto::{
    Seq, Timestamp, UserId,
    shapes::{MembershipChange, Role},
};

use super::{ImportedMembership, placing::Placing};
use crate::model::{Intervals, MemberRow};

impl Placing<'_> {
    /// Makes a user a member from place 1 who sees everything, unless they are or were one.
    pub(super) fn join(&mut self, user: &UserId, role: Role, at: Timestamp) -> Option<MemberRow> {
        if self.state.members.get(user).is_some() {
            return None;
        }
        Some(self.put(MemberRow {
            chat: self.target.id,
            user: user.clone(),
            role,
            active: true,
            joined_at: at,
            joined_seq: Seq(1),
            intervals: Intervals::from(Seq(1)),
            changed_at: self.now,
        }))
    }

    /// Changes a membership as a line says; the owner's stays as it is.
    pub(super) fn change(
        &mut self,
        user: &UserId,
        line: &ImportedMembership,
        seq: Seq,
        at: Timestamp,
    ) -> Option<MemberRow> {
        if *user == self.target.owner {
            return None;
        }
        let joined = self.join(user, line.role.unwrap_or(Role::Member), at);
        let member = self.state.members.get(user)?.clone();
        let mut intervals = member.intervals.clone();
        let changed = match line.change {
            MembershipChange::Added if member.active => {
                return joined.or_else(|| self.put_role(user, line.role?));
            }
            MembershipChange::Added => {
                intervals.open(Seq(1));
                MemberRow {
                    active: true,
                    role: line.role.unwrap_or(Role::Member),
                    joined_at: at,
                    intervals,
                    changed_at: self.now,
                    ..member
                }
            }
            MembershipChange::Role => return self.put_role(user, line.role?).or(joined),
            MembershipChange::Removed | MembershipChange::Left => {
                intervals.close(seq);
                MemberRow {
                    active: false,
                    intervals,
                    changed_at: self.now,
                    ..member
                }
            }
        };
        Some(self.put(changed))
    }

    pub(super) fn put_role(&mut self, user: &UserId, role: Role) -> Option<MemberRow> {
        let member = self.state.members.get(user)?.clone();
        if member.role == role || *user == self.target.owner {
            return None;
        }
        Some(self.put(MemberRow {
            role,
            changed_at: self.now,
            ..member
        }))
    }

    fn put(&mut self, member: MemberRow) -> MemberRow {
        self.state.members.put(member.clone());
        member
    }
}
