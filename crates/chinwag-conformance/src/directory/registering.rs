//! What is registered once and for ever: pairs, and requests that make a chat.

use chinwag_proto::{ChatId, ClientId};

use crate::{DirectoryEngine, chat, user};

async fn pair<E: DirectoryEngine>(engine: &E, one: &str, other: &str, id: u64) -> u64 {
    let (one, other) = (user(one), user(other));
    let directory = engine.directory();
    let registered = directory.register_pair(&one, &other, chat(id)).await;
    registered.unwrap().0
}

async fn request<E: DirectoryEngine>(engine: &E, by: &str, request: &str, id: u64) -> u64 {
    let (by, request) = (user(by), ClientId::new(request).unwrap());
    let directory = engine.directory();
    let registered = directory.register_request(&by, &request, chat(id)).await;
    registered.unwrap().0
}

pub async fn a_pair_is_one_whoever_asks<E: DirectoryEngine>(engine: E) {
    assert_eq!(pair(&engine, "ana", "bo", 1).await, 1);
    assert_eq!(pair(&engine, "bo", "ana", 2).await, 1);
    assert_eq!(pair(&engine, "ana", "cy", 3).await, 3);
}

pub async fn of_two_registrations_of_a_pair_the_first_holds<E: DirectoryEngine>(engine: E) {
    assert_eq!(pair(&engine, "ana", "bo", 5).await, 5);
    assert_eq!(pair(&engine, "ana", "bo", 4).await, 5);
    assert_eq!(pair(&engine, "ana", "bo", 6).await, 5);
}

pub async fn of_many_registrations_of_a_pair_at_once_one_holds<E: DirectoryEngine>(engine: E) {
    for round in 0..10_u64 {
        let racers: Vec<_> = (0..8)
            .map(|racer| {
                let directory = engine.directory();
                let mut pair = [user("ana"), user(&format!("bo{round}"))];
                if racer % 2 == 0 {
                    pair.reverse();
                }
                let fresh = chat(round * 100 + racer);
                tokio::spawn(async move {
                    let [one, other] = pair;
                    directory.register_pair(&one, &other, fresh).await.unwrap()
                })
            })
            .collect();
        let mut answers: Vec<ChatId> = Vec::new();
        for racer in racers {
            answers.push(racer.await.unwrap());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "all got the same chat");
    }
}

pub async fn pairs_that_read_alike_when_joined_are_different_pairs<E: DirectoryEngine>(engine: E) {
    let pairs = [
        ("a", "bc"),
        ("ab", "c"),
        ("a b", "c"),
        ("a", "b c"),
        ("a:b", "c"),
        ("a", "b:c"),
        ("A", "bc"),
        ("é", "x"),
        ("e\u{301}", "x"),
    ];
    for (id, (one, other)) in (1..).zip(pairs) {
        assert_eq!(pair(&engine, one, other, id).await, id);
    }
}

pub async fn of_two_registrations_of_a_request_the_first_holds<E: DirectoryEngine>(engine: E) {
    assert_eq!(request(&engine, "ana", "c1", 5).await, 5);
    assert_eq!(request(&engine, "ana", "c1", 4).await, 5);
    assert_eq!(request(&engine, "ana", "c2", 6).await, 6);
}

pub async fn the_same_request_id_of_another_user_is_another_request<E: DirectoryEngine>(engine: E) {
    assert_eq!(request(&engine, "ana", "c1", 1).await, 1);
    assert_eq!(request(&engine, "bo", "c1", 2).await, 2);
    assert_eq!(request(&engine, "an", "ac1", 3).await, 3);
}

pub async fn registrations_hold_after_reopening<E: DirectoryEngine>(engine: E) {
    assert_eq!(pair(&engine, "ana", "bo", 1).await, 1);
    assert_eq!(request(&engine, "ana", "c1", 2).await, 2);
    let engine = engine.reopen().await;
    assert_eq!(pair(&engine, "bo", "ana", 3).await, 1);
    assert_eq!(request(&engine, "ana", "c1", 4).await, 2);
}
