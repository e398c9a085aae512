//! Where users' sessions are.

use chinwag_core::{model::NodeId, ports::SessionLocation};
use chinwag_proto::{SessionId, shapes::PresenceStatus};

use super::{beat, beat_on, is_online, nodes, touch};
use crate::{PresenceEngine, user};

pub async fn a_touched_session_is_found<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1)]).await;
    assert_eq!(nodes(&engine, "ana").await, [1]);
    assert!(is_online(&engine, "ana").await);
    assert!(nodes(&engine, "bo").await.is_empty());
}

pub async fn users_answer_in_the_order_of_the_question<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat_on(1, "ana", 1), beat_on(2, "bo", 2)]).await;
    let presence = engine.presence();
    let asked = ["nobody", "bo", "ana", "bo"].map(user);
    let located = presence.locate(&asked, None).await.unwrap();
    let located: Vec<_> = located
        .iter()
        .map(|nodes| nodes.first().map_or(0, |node| node.0))
        .collect();
    assert_eq!(located, [0, 2, 1, 2]);
    let online = presence.online(&asked).await.unwrap();
    let of: Vec<_> = online.iter().map(|it| it.user_id.clone()).collect();
    assert_eq!(of, asked);
    let is_online: Vec<_> = online
        .iter()
        .map(|it| it.status == PresenceStatus::Online)
        .collect();
    assert_eq!(is_online, [false, true, true, true]);
    assert!(presence.locate(&[], None).await.unwrap().is_empty());
    assert!(presence.online(&[]).await.unwrap().is_empty());
}

pub async fn a_node_with_many_sessions_of_a_user_is_named_once<E: PresenceEngine>(engine: E) {
    let beats: Vec<_> = (1..=20).map(|session| beat("ana", session)).collect();
    touch(&engine, &beats).await;
    assert_eq!(nodes(&engine, "ana").await, [1]);
}

pub async fn every_node_with_a_session_is_named<E: PresenceEngine>(engine: E) {
    let nodes_with_one = [3, 0, 1_022];
    for (session, node) in (1..).zip(nodes_with_one) {
        touch(&engine, &[beat_on(node, "ana", session)]).await;
    }
    assert_eq!(nodes(&engine, "ana").await, [0, 3, 1_022]);
}

pub async fn sessions_come_oldest_first_with_what_was_told<E: PresenceEngine>(engine: E) {
    let beats = [beat("ana", 9), beat_on(2, "ana", 7), beat("ana", 8)];
    touch(&engine, &beats).await;
    touch(&engine, &[beat("bo", 5)]).await;
    let [newest, oldest, middle] = beats;
    let wanted: Vec<_> = [oldest, middle, newest]
        .into_iter()
        .map(|beat| SessionLocation {
            session: beat.session,
            node: beat.node,
            device: beat.device,
            connected_at: beat.connected_at,
        })
        .collect();
    let presence = engine.presence();
    assert_eq!(presence.sessions(&user("ana")).await.unwrap(), wanted);
    assert!(presence.sessions(&user("cy")).await.unwrap().is_empty());
}

pub async fn a_session_touched_twice_is_one<E: PresenceEngine>(engine: E) {
    for _ in 0..3 {
        touch(&engine, &[beat("ana", 1), beat("ana", 1)]).await;
    }
    let sessions = engine.presence().sessions(&user("ana")).await.unwrap();
    assert_eq!(sessions.len(), 1);
}

pub async fn a_session_that_moved_is_found_where_it_is_now<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat_on(1, "ana", 1)]).await;
    touch(&engine, &[beat_on(2, "ana", 1)]).await;
    assert_eq!(nodes(&engine, "ana").await, [2]);
    let sessions = engine.presence().sessions(&user("ana")).await.unwrap();
    assert_eq!(sessions.len(), 1);
}

pub async fn many_users_are_touched_in_one_call<E: PresenceEngine>(engine: E) {
    let beats: Vec<_> = (0..5_000)
        .map(|number| beat(&format!("user{number}"), number))
        .collect();
    touch(&engine, &beats).await;
    let users: Vec<_> = beats.into_iter().map(|beat| beat.user).collect();
    let located = engine.presence().locate(&users, None).await.unwrap();
    assert_eq!(located.len(), users.len());
    assert!(located.iter().all(|nodes| nodes.len() == 1));
}

pub async fn a_session_apart_counts_for_no_node_and_the_others_do<E: PresenceEngine>(engine: E) {
    let beats = [
        beat_on(1, "ana", 1),
        beat_on(2, "ana", 2),
        beat_on(2, "bo", 3),
    ];
    touch(&engine, &beats).await;
    let (asked, node) = ([user("ana"), user("bo")], NodeId);
    for (except, wanted) in [
        (1, [vec![node(2)], vec![node(2)]]),
        (3, [vec![node(1), node(2)], vec![]]),
        (4, [vec![node(1), node(2)], vec![node(2)]]),
    ] {
        let except = Some(SessionId(except));
        let mut located = engine.presence().locate(&asked, except).await.unwrap();
        located.iter_mut().for_each(|nodes| nodes.sort_unstable());
        assert_eq!(located, wanted, "without {except:?}");
    }
    touch(&engine, &[beat_on(2, "bo", 5)]).await;
    let presence = engine.presence();
    let without_one = presence.locate(&asked[1..], Some(SessionId(3))).await;
    assert_eq!(without_one.unwrap(), [[node(2)]]);
}

pub async fn users_whose_ids_look_alike_do_not_mix<E: PresenceEngine>(engine: E) {
    let ids = ["a", "a b", "a}", "{a}", "a:b", "A", "é", "e\u{301}", "a/b"];
    for (node, id) in (1..).zip(ids) {
        touch(&engine, &[beat_on(node, id, 1)]).await;
    }
    for (node, id) in (1..).zip(ids) {
        assert_eq!(nodes(&engine, id).await, [node], "{id}");
    }
}
