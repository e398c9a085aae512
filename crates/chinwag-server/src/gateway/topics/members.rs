//! The members of a large chat who are online here, and what of it each may see.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chinwag_core::model::Intervals;
use chinwag_proto::{Seq, UserId};
use parking_lot::Mutex;

/// The members of one chat who are online here.
#[derive(Default)]
pub(in crate::gateway) struct Members {
    present: Mutex<Present>,
    /// Who became one, as far as is heard; to be looked up.
    joining: Mutex<HashSet<UserId>>,
}

#[derive(Default)]
struct Present {
    members: HashMap<UserId, Member>,
    /// Made when it is asked for, kept until somebody's intervals change.
    sights: Option<Arc<Sights>>,
}

impl Present {
    /// Returns the intervals, to change them.
    fn change(&mut self) -> &mut HashMap<UserId, Member> {
        self.sights = None;
        &mut self.members
    }
}

/// One member, since the last joining.
struct Member {
    intervals: Intervals,
    /// Where: intervals don't tell, since what somebody saw before and sees after may be one of them.
    joined: Seq,
}

impl Member {
    /// Ends what is seen at a place, unless it is one before the joining: then they are back already. Word of a later
    /// leaving may come first.
    fn close(&mut self, through: Seq) {
        if self.joined <= through {
            self.intervals.end_by(through);
        }
    }
}

/// What the members see of events from some place on.
#[derive(Default)]
pub(super) struct Sights {
    /// From where on the first see everything.
    all_from: Seq,
    /// Who sees everything from there on.
    pub(super) all: Vec<UserId>,
    /// Who sees what lies in these.
    pub(super) within: Vec<(UserId, Intervals)>,
}

impl Members {
    pub(super) fn put(&self, user: UserId, intervals: Intervals, joined: Seq) {
        let member = Member { intervals, joined };
        self.present.lock().change().insert(user, member);
    }

    /// Notes who became a member.
    pub(super) fn join(&self, users: Vec<UserId>) {
        self.joining.lock().extend(users);
    }

    /// Returns who became a member since the last time, apart from those who are known.
    pub(super) fn take_joining(&self) -> Vec<UserId> {
        std::mem::take(&mut *self.joining.lock())
            .into_iter()
            .collect()
    }

    /// Returns whether the user was one, or was to be.
    pub(super) fn remove(&self, user: &UserId) -> bool {
        let joining = self.joining.lock().remove(user);
        self.present.lock().change().remove(user).is_some() || joining
    }

    /// Forgets everybody.
    pub(super) fn clear(&self) {
        self.joining.lock().clear();
        self.present.lock().change().clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.present.lock().members.is_empty() && self.joining.lock().is_empty()
    }

    /// Returns whether a user is known here as one who joined at a place: who left and came back joined anew.
    pub(super) fn has(&self, user: &UserId, joined: Seq) -> bool {
        let present = self.present.lock();
        let member = present.members.get(user);
        member.is_some_and(|member| member.joined == joined)
    }

    /// Returns those who are in at this moment.
    pub(super) fn present(&self) -> Vec<UserId> {
        let present = self.present.lock();
        present
            .members
            .iter()
            .filter(|(_, member)| is_open(&member.intervals))
            .map(|(user, _)| user.clone())
            .collect()
    }

    /// Ends what users see at a place.
    pub(super) fn close(&self, users: &[UserId], through: Seq) {
        let mut present = self.present.lock();
        for user in users {
            if let Some(member) = present.change().get_mut(user) {
                member.close(through);
            }
        }
    }

    /// Ends what everybody sees at a place.
    pub(super) fn close_all(&self, through: Seq) {
        let mut present = self.present.lock();
        present
            .change()
            .values_mut()
            .for_each(|member| member.close(through));
    }

    /// Forgets those who see nothing at a place or after it.
    pub(super) fn forget_before(&self, next: Seq) {
        self.present.lock().change().retain(|_, member| {
            let last = member.intervals.as_slice().last();
            last.is_some_and(|last| last.through.is_none_or(|through| through >= next))
        });
    }

    /// Returns what each sees of events from `lowest` on, which is the lowest place that they or their targets have.
    pub(super) fn sights(&self, lowest: Seq) -> Arc<Sights> {
        let mut present = self.present.lock();
        if let Some(sights) = &present.sights
            && sights.all_from <= lowest
        {
            return Arc::clone(sights);
        }
        let mut sights = Sights::default();
        for (user, member) in &present.members {
            let intervals = &member.intervals;
            match intervals.as_slice() {
                [one] if one.from <= lowest && one.through.is_none() => {
                    sights.all_from = sights.all_from.max(one.from);
                    sights.all.push(user.clone());
                }
                _ => sights.within.push((user.clone(), intervals.clone())),
            }
        }
        let sights = Arc::new(sights);
        // What concerns an early message is rare: for those that come, the first ones stay.
        present.sights.get_or_insert_with(|| Arc::clone(&sights));
        sights
    }
}

fn is_open(intervals: &Intervals) -> bool {
    let last = intervals.as_slice().last();
    last.is_some_and(|last| last.through.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    #[test]
    fn who_was_removed_is_no_member_and_is_forgotten_after_the_place() {
        let members = Members::default();
        members.put(user("ana"), Intervals::from(Seq(1)), Seq(1));
        members.put(user("ben"), Intervals::from(Seq(1)), Seq(1));
        members.close(&[user("ben")], Seq(7));
        assert_eq!(members.present(), [user("ana")]);
        members.forget_before(Seq(7));
        assert!(members.has(&user("ben"), Seq(1)));
        members.forget_before(Seq(8));
        assert!(!members.has(&user("ben"), Seq(1)));
    }

    #[test]
    fn who_sees_all_from_a_place_on_is_known_until_somebody_comes_or_goes() {
        let members = Members::default();
        members.put(user("ana"), Intervals::from(Seq(1)), Seq(1));
        members.put(user("ben"), Intervals::from(Seq(5)), Seq(5));
        let of = |lowest: u64| {
            let sights = members.sights(Seq(lowest));
            let mut all = sights.all.clone();
            all.sort();
            (all, sights.within.len())
        };
        assert_eq!(of(5), (vec![user("ana"), user("ben")], 0));
        assert_eq!(of(9), (vec![user("ana"), user("ben")], 0));
        assert_eq!(
            of(4),
            (vec![user("ana")], 1),
            "an edit of an earlier message"
        );
        assert_eq!(of(9), (vec![user("ana"), user("ben")], 0));
        members.close(&[user("ana")], Seq(9));
        assert_eq!(of(9), (vec![user("ben")], 1));
        members.put(user("cleo"), Intervals::from(Seq(7)), Seq(7));
        assert_eq!(of(9), (vec![user("ben"), user("cleo")], 1));
    }

    #[test]
    fn of_two_removals_after_the_joining_the_first_one_holds_whichever_is_heard_first() {
        for heard in [[8, 19], [19, 8]] {
            let members = Members::default();
            members.put(user("ana"), Intervals::from(Seq(1)), Seq(5));
            for through in heard {
                members.close(&[user("ana")], Seq(through));
            }
            let sights = members.sights(Seq(8));
            let (_, intervals) = &sights.within[0];
            assert!(intervals.contains(Seq(8)) && !intervals.contains(Seq(9)));
        }
    }

    #[test]
    fn an_old_removal_does_not_end_a_new_membership() {
        // Who comes back at the very next place, or sees all that was said, sees it in one interval.
        for from in [1, 9] {
            let members = Members::default();
            members.put(user("ana"), Intervals::from(Seq(1)), Seq(1));
            let mut intervals = Intervals::from(Seq(1));
            intervals.close(Seq(8));
            intervals.open(Seq(from));
            members.put(user("ana"), intervals, Seq(9));
            members.close(&[user("ana")], Seq(8));
            members.forget_before(Seq(9));
            assert_eq!(members.present(), [user("ana")]);
            members.close(&[user("ana")], Seq(12));
            assert!(members.present().is_empty());
        }
    }
}
