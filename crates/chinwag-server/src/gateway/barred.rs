//! Users who sent more frames than they may: nobody escapes a rate by a new connection.

use std::collections::HashMap;

use chinwag_proto::UserId;
use parking_lot::Mutex;

/// Users that are remembered; beyond, those whose time is over are forgotten, and then all.
const MOST: usize = 10_000;

/// Until when users get no new session here, seconds of the gateway's time.
#[derive(Debug, Default)]
pub(super) struct Barred(Mutex<HashMap<UserId, u32>>);

impl Barred {
    /// Lets a user open no session before `until`.
    pub(super) fn bar(&self, user: &UserId, now: u32, until: u32) {
        let mut held = self.0.lock();
        if held.len() >= MOST {
            held.retain(|_, until| *until > now);
            if held.len() >= MOST {
                held.clear();
            }
        }
        held.insert(user.clone(), until);
    }

    /// Returns after how many seconds a user may open a session again; none who may now.
    pub(super) fn left(&self, user: &UserId, now: u32) -> Option<u32> {
        let mut held = self.0.lock();
        let left = held
            .get(user)?
            .checked_sub(now)
            .filter(|seconds| *seconds > 0);
        if left.is_none() {
            held.remove(user);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_barred_until_the_time_is_over_and_no_longer() {
        let (ana, ben) = (UserId::new("ana").unwrap(), UserId::new("ben").unwrap());
        let barred = Barred::default();
        barred.bar(&ana, 5, 15);
        assert_eq!(barred.left(&ana, 7), Some(8));
        assert_eq!(barred.left(&ben, 7), None);
        assert_eq!(barred.left(&ana, 15), None);
        assert!(barred.0.lock().is_empty());
    }

    #[test]
    fn no_more_are_remembered_than_the_bound() {
        let barred = Barred::default();
        for number in 0..3 * MOST {
            let user = UserId::new(&format!("user-{number}")).unwrap();
            barred.bar(&user, 0, 10);
            assert!(barred.0.lock().len() <= MOST);
        }
    }
}
