//! How long a session lives.

use std::time::Duration;

use chinwag_proto::shapes::PresenceStatus;

use super::{beat, beat_on, is_online, leave, nodes, touch};
use crate::{PresenceEngine, user};

async fn pass<E: PresenceEngine>(engine: &E, seconds: u64) {
    engine.pass(Duration::from_secs(seconds)).await;
}

pub async fn a_session_without_a_sign_of_life_ends_after_thirty_seconds<E: PresenceEngine>(
    engine: E,
) {
    touch(&engine, &[beat("ana", 1)]).await;
    pass(&engine, 28).await;
    assert_eq!(nodes(&engine, "ana").await, [1]);
    assert!(is_online(&engine, "ana").await);
    pass(&engine, 3).await;
    assert!(nodes(&engine, "ana").await.is_empty());
    assert!(!is_online(&engine, "ana").await);
    let sessions = engine.presence().sessions(&user("ana")).await.unwrap();
    assert!(sessions.is_empty());
}

pub async fn a_sign_of_life_gives_thirty_seconds_again<E: PresenceEngine>(engine: E) {
    for _ in 0..4 {
        touch(&engine, &[beat("ana", 1)]).await;
        pass(&engine, 20).await;
    }
    assert_eq!(nodes(&engine, "ana").await, [1]);
    pass(&engine, 11).await;
    assert!(nodes(&engine, "ana").await.is_empty());
}

pub async fn a_session_that_leaves_is_not_found_at_once<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1)]).await;
    leave(&engine, "ana", 1).await;
    assert!(nodes(&engine, "ana").await.is_empty());
    let sessions = engine.presence().sessions(&user("ana")).await.unwrap();
    assert!(sessions.is_empty());
}

pub async fn a_user_who_left_is_online_for_the_grace<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1)]).await;
    leave(&engine, "ana", 1).await;
    assert!(is_online(&engine, "ana").await);
    pass(&engine, 4).await;
    assert!(is_online(&engine, "ana").await);
    pass(&engine, 2).await;
    assert!(!is_online(&engine, "ana").await);
}

pub async fn a_user_who_comes_back_within_the_grace_stays_online<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1)]).await;
    leave(&engine, "ana", 1).await;
    pass(&engine, 3).await;
    touch(&engine, &[beat("ana", 2)]).await;
    for _ in 0..3 {
        pass(&engine, 3).await;
        assert!(is_online(&engine, "ana").await);
    }
}

pub async fn a_user_stays_online_while_another_device_is<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat_on(1, "ana", 1), beat_on(2, "ana", 2)]).await;
    leave(&engine, "ana", 1).await;
    assert_eq!(nodes(&engine, "ana").await, [2]);
    pass(&engine, 10).await;
    assert!(is_online(&engine, "ana").await);
    pass(&engine, 15).await;
    touch(&engine, &[beat_on(2, "ana", 2)]).await;
    pass(&engine, 15).await;
    assert_eq!(nodes(&engine, "ana").await, [2]);
    assert!(is_online(&engine, "ana").await);
}

pub async fn leaving_ends_one_session_alone<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1), beat("ana", 2), beat("bo", 3)]).await;
    leave(&engine, "ana", 1).await;
    let sessions = engine.presence().sessions(&user("ana")).await.unwrap();
    let left: Vec<_> = sessions.iter().map(|it| it.session.0).collect();
    assert_eq!(left, [2]);
    assert_eq!(nodes(&engine, "bo").await, [1]);
}

pub async fn leaving_with_an_unknown_session_changes_nothing<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1)]).await;
    leave(&engine, "ana", 9).await;
    leave(&engine, "bo", 1).await;
    assert_eq!(nodes(&engine, "ana").await, [1]);
    assert!(!is_online(&engine, "bo").await);
}

pub async fn a_lease_that_ran_out_leaves_no_grace<E: PresenceEngine>(engine: E) {
    touch(&engine, &[beat("ana", 1)]).await;
    pass(&engine, 31).await;
    leave(&engine, "ana", 1).await;
    assert!(!is_online(&engine, "ana").await);
}

pub async fn an_offline_user_was_last_seen_when_the_last_session_ended<E: PresenceEngine>(
    engine: E,
) {
    let users = ["ana", "bo"].map(user);
    touch(&engine, &[beat("ana", 1), beat("bo", 2)]).await;
    let online = engine.presence().online(&users).await.unwrap();
    assert!(online.iter().all(|it| it.last_seen.is_none()));
    pass(&engine, 10).await;
    leave(&engine, "ana", 1).await;
    pass(&engine, 50).await;
    let presence = engine.presence().online(&users).await.unwrap();
    assert!(
        presence
            .iter()
            .all(|it| it.status == PresenceStatus::Offline)
    );
    let [ana, bo] = [0, 1].map(|number| presence[number].last_seen.unwrap());
    // She left after 10 s, his lease ran out after 30.
    let apart = bo.unix_millis() - ana.unix_millis();
    assert!((18_000..=22_000).contains(&apart), "{apart} ms apart");
}

pub async fn a_user_never_seen_is_offline<E: PresenceEngine>(engine: E) {
    let presence = engine.presence().online(&[user("ana")]).await.unwrap();
    assert_eq!(presence[0].status, PresenceStatus::Offline);
    assert_eq!(presence[0].last_seen, None);
}
