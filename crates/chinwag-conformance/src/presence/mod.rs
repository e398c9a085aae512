//! What every [`Presence`](chinwag_core::ports::Presence) must show.

mod leases;
mod locating;

pub use leases::*;
pub use locating::*;

use chinwag_core::{model::NodeId, ports::SessionBeat};
use chinwag_proto::{DeviceId, SessionId, shapes::PresenceStatus};

use crate::{PresenceEngine, time, user};

/// Lists the cases of [`presence`](crate::presence).
#[doc(hidden)]
#[macro_export]
macro_rules! presence {
    ($then:ident $arguments:tt) => {
        $crate::$then! { $arguments presence
            a_touched_session_is_found
            users_answer_in_the_order_of_the_question
            a_node_with_many_sessions_of_a_user_is_named_once
            every_node_with_a_session_is_named
            sessions_come_oldest_first_with_what_was_told
            a_session_touched_twice_is_one
            a_session_that_moved_is_found_where_it_is_now
            many_users_are_touched_in_one_call
            users_whose_ids_look_alike_do_not_mix
            a_session_apart_counts_for_no_node_and_the_others_do

            a_session_without_a_sign_of_life_ends_after_thirty_seconds
            a_sign_of_life_gives_thirty_seconds_again
            a_session_that_leaves_is_not_found_at_once
            a_user_who_left_is_online_for_the_grace
            a_user_who_comes_back_within_the_grace_stays_online
            a_user_stays_online_while_another_device_is
            leaving_ends_one_session_alone
            leaving_with_an_unknown_session_changes_nothing
            a_lease_that_ran_out_leaves_no_grace
            an_offline_user_was_last_seen_when_the_last_session_ended
            a_user_never_seen_is_offline
        }
    };
}

/// A sign of life of a session on node 1.
fn beat(id: &str, session: u64) -> SessionBeat {
    SessionBeat {
        user: user(id),
        session: SessionId(session),
        node: NodeId(1),
        device: None,
        connected_at: time(i64::try_from(session).unwrap()),
    }
}

/// The same on another node.
fn beat_on(node: u16, id: &str, session: u64) -> SessionBeat {
    SessionBeat {
        node: NodeId(node),
        device: Some(DeviceId::new("phone").unwrap()),
        ..beat(id, session)
    }
}

async fn touch<E: PresenceEngine>(engine: &E, beats: &[SessionBeat]) {
    engine.presence().touch(beats).await.unwrap();
}

async fn leave<E: PresenceEngine>(engine: &E, id: &str, session: u64) {
    let presence = engine.presence();
    presence.leave(&user(id), SessionId(session)).await.unwrap();
}

async fn nodes<E: PresenceEngine>(engine: &E, id: &str) -> Vec<u16> {
    let mut located = engine.presence().locate(&[user(id)], None).await.unwrap();
    assert_eq!(located.len(), 1);
    let mut nodes: Vec<u16> = located.remove(0).into_iter().map(|node| node.0).collect();
    nodes.sort_unstable();
    nodes
}

async fn is_online<E: PresenceEngine>(engine: &E, id: &str) -> bool {
    let online = engine.presence().online(&[user(id)]).await.unwrap();
    assert_eq!(online.len(), 1);
    assert_eq!(online[0].user_id, user(id));
    online[0].status == PresenceStatus::Online
}

#[cfg(test)]
mod tests {
    use crate::listing::assert_every_case_is_listed;

    assert_every_case_is_listed!(presence, "leases.rs", "locating.rs");
}
