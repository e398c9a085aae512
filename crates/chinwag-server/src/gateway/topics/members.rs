//! The members of a large chat who are online here, and what of it each may see.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use chinwag_core::model::{Intervals, MemberRow};
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
    /// Who are members by a look that may be old by now: what ends what they see is noted, and nothing reaches them.
    expected: HashMap<UserId, Member>,
    /// Made when it is asked for, kept until somebody's intervals change.
    sights: Option<Arc<Sights>>,
}

impl Present {
    /// Returns the intervals, to change them.
    fn change(&mut self) -> &mut HashMap<UserId, Member> {
        self.sights = None;
        &mut self.members
    }

    /// Returns one who is expected by a joining, and expects them no longer.
    fn take_expected(&mut self, user: &UserId, joined: Seq) -> Option<Member> {
        let member = self.expected.get(user)?;
        match member.joined == joined {
            true => self.expected.remove(user),
            false => None,
        }
    }

    /// Ends what a user sees at a place.
    fn close(&mut self, user: &UserId, through: Seq) {
        if let Some(member) = self.expected.get_mut(user) {
            member.close(through);
        }
        if let Some(member) = self.change().get_mut(user) {
            member.close(through);
        }
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

    /// Returns whether they see anything at a place or after it.
    fn sees_from(&self, next: Seq) -> bool {
        let last = self.intervals.as_slice().last();
        last.is_some_and(|last| last.through.is_none_or(|through| through >= next))
    }
}

impl From<MemberRow> for Member {
    fn from(row: MemberRow) -> Self {
        Self {
            intervals: row.intervals,
            joined: row.joined_seq,
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

    /// Notes somebody who is a member by one look at the directory, until [`Members::confirm`] or [`Members::give_up`]; word
    /// of their leaving that comes from now on counts. Returns whether they were no member by that joining already.
    pub(super) fn expect(&self, row: MemberRow) -> bool {
        let mut present = self.present.lock();
        let joined = row.joined_seq;
        let is_known = |member: &Member| member.joined >= joined;
        if present.members.get(&row.user).is_some_and(is_known) {
            return false;
        }
        // Of those who look at the same time the first one heard most.
        if !present.expected.get(&row.user).is_some_and(is_known) {
            present.expected.insert(row.user.clone(), row.into());
        }
        true
    }

    /// Makes one who was expected a member, after a look that began later than they were expected found them there.
    /// Returns false where nobody is expected by that joining any more.
    pub(super) fn confirm(&self, user: &UserId, joined: Seq) -> bool {
        let mut present = self.present.lock();
        let expected = present.take_expected(user, joined);
        if present
            .members
            .get(user)
            .is_some_and(|member| member.joined >= joined)
        {
            return true;
        }
        let Some(member) = expected else {
            return false;
        };
        present.change().insert(user.clone(), member);
        true
    }

    /// Expects somebody no longer by that joining.
    pub(super) fn give_up(&self, user: &UserId, joined: Seq) {
        self.present.lock().take_expected(user, joined);
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
        let mut present = self.present.lock();
        let expected = present.expected.remove(user).is_some();
        present.change().remove(user).is_some() || expected || joining
    }

    /// Forgets everybody.
    pub(super) fn clear(&self) {
        self.joining.lock().clear();
        *self.present.lock() = Present::default();
    }

    pub(super) fn is_empty(&self) -> bool {
        let present = self.present.lock();
        present.members.is_empty() && present.expected.is_empty() && self.joining.lock().is_empty()
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
            present.close(user, through);
        }
    }

    /// Ends what everybody sees at a place.
    pub(super) fn close_all(&self, through: Seq) {
        let mut present = self.present.lock();
        let expected = present.expected.values_mut();
        expected.for_each(|member| member.close(through));
        let members = present.change().values_mut();
        members.for_each(|member| member.close(through));
    }

    /// Forgets those who see nothing at a place or after it.
    pub(super) fn forget_before(&self, next: Seq) {
        let mut present = self.present.lock();
        present.expected.retain(|_, member| member.sees_from(next));
        present.change().retain(|_, member| member.sees_from(next));
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
    use chinwag_proto::{ChatId, Timestamp, shapes::Role};

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

    fn row(id: &str, joined: u64) -> MemberRow {
        MemberRow {
            chat: ChatId::default(),
            user: user(id),
            role: Role::Member,
            active: true,
            joined_at: Timestamp::default(),
            joined_seq: Seq(joined),
            intervals: Intervals::from(Seq(joined)),
            changed_at: Timestamp::default(),
        }
    }

    #[test]
    fn who_is_expected_hears_nothing_before_a_later_look_confirms_it() {
        let members = Members::default();
        assert!(members.expect(row("ana", 5)));
        assert!(members.sights(Seq(5)).all.is_empty() && members.present().is_empty());
        assert!(!members.is_empty(), "the chat must be listened to");
        assert!(members.confirm(&user("ana"), Seq(5)));
        assert_eq!(members.present(), [user("ana")]);
        assert!(!members.expect(row("ana", 5)), "known by then");
        assert!(members.confirm(&user("ana"), Seq(5)), "by another session");
    }

    #[test]
    fn who_leaves_while_expected_is_not_brought_back_by_a_look_that_began_before() {
        let members = Members::default();
        assert!(members.expect(row("ana", 5)));
        members.close(&[user("ana")], Seq(8));
        // One more session looked as early, and comes later.
        assert!(members.expect(row("ana", 5)));
        assert!(members.confirm(&user("ana"), Seq(5)));
        assert!(members.present().is_empty());

        let members = Members::default();
        assert!(members.expect(row("ana", 5)));
        members.close(&[user("ana")], Seq(8));
        members.forget_before(Seq(9));
        assert!(!members.confirm(&user("ana"), Seq(5)), "looked up anew");
        // By the time that she came back nobody waits for what she left.
        members.put(user("ana"), Intervals::from(Seq(12)), Seq(12));
        assert!(!members.expect(row("ana", 5)));
    }

    #[test]
    fn who_is_given_up_is_expected_no_more_unless_by_a_later_joining() {
        let members = Members::default();
        assert!(members.expect(row("ana", 5)));
        assert!(members.expect(row("ana", 9)));
        members.give_up(&user("ana"), Seq(5));
        assert!(!members.confirm(&user("ana"), Seq(5)));
        assert!(members.confirm(&user("ana"), Seq(9)));
        assert!(members.expect(row("ben", 5)));
        members.give_up(&user("ben"), Seq(5));
        assert!(!members.confirm(&user("ben"), Seq(5)));
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
