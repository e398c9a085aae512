//! Once per chat, sender and clientId, for ever (rule A4).

use chinwag_core::owner::{Command, Outcome, OwnerSettings};
use chinwag_proto::{ClientId, ErrorCode};

use crate::fixture::{NOW, Node, text, text_once, user};

fn uuid_at(millis_ahead: i64) -> String {
    let millis = u64::try_from(NOW.plus_millis(millis_ahead).unix_millis()).unwrap();
    let nanos = u32::try_from(millis % 1000).unwrap() * 1_000_000;
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(
        uuid::NoContext,
        millis / 1000,
        nanos,
    ))
    .to_string()
}

fn repeated(outcome: Outcome) -> (u64, bool) {
    match outcome {
        Outcome::Message {
            message, repeated, ..
        } => (message.id.0, repeated),
        other => panic!("expected a message, got {other:?}"),
    }
}

#[tokio::test]
async fn a_repeated_send_answers_with_the_first_message() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    for client_id in ["x", &uuid_at(0), &uuid_at(-86_400_000)] {
        let first = repeated(
            node.run("ana", chat, text_once("hi", client_id))
                .await
                .unwrap(),
        );
        let again = repeated(
            node.run("ana", chat, text_once("hi", client_id))
                .await
                .unwrap(),
        );
        assert_eq!((first.1, again.1), (false, true));
        assert_eq!(first.0, again.0);
    }
    assert_eq!(
        node.log(chat)
            .await
            .iter()
            .filter(|row| row.message().is_some())
            .count(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_sends_of_one_client_id_at_once_make_one_message() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let client_id = uuid_at(0);
    let sends = (0..50).map(|_| {
        let (owner, command) = (node.owner.clone(), text_once("hi", &client_id));
        tokio::spawn(async move {
            owner
                .execute(&crate::fixture::caller("ana"), chat, command)
                .await
                .unwrap()
        })
    });
    let mut ids = std::collections::HashSet::new();
    for send in sends.collect::<Vec<_>>() {
        ids.insert(repeated(send.await.unwrap()).0);
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(
        node.log(chat)
            .await
            .iter()
            .filter(|row| row.message().is_some())
            .count(),
        1
    );
}

#[tokio::test]
async fn a_repetition_is_found_after_a_restart_and_a_night() {
    let mut node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let client_id = uuid_at(0);
    let first = repeated(
        node.run("ana", chat, text_once("hi", &client_id))
            .await
            .unwrap(),
    );
    node.clock.advance(9 * 3_600_000);
    node.restart(OwnerSettings::default()).await;
    let again = repeated(
        node.run("ana", chat, text_once("hi", &client_id))
            .await
            .unwrap(),
    );
    assert_eq!(again, (first.0, true));
}

#[tokio::test]
async fn the_same_client_id_of_another_user_or_chat_is_another_message() {
    let node = Node::start().await;
    let (one, other) = (
        node.group("ana", &["ben"]).await,
        node.group("ana", &["ben"]).await,
    );
    let mut ids = std::collections::HashSet::new();
    for (name, chat) in [("ana", one), ("ben", one), ("ana", other)] {
        ids.insert(repeated(node.run(name, chat, text_once("hi", "x")).await.unwrap()).0);
    }
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn other_content_under_a_used_client_id_is_a_conflict() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    node.run("ana", chat, text_once("hi", "x")).await.unwrap();
    let problem = node
        .run("ana", chat, text_once("ho", "x"))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.code, problem.status),
        (ErrorCode::IdempotencyConflict, 409)
    );
}

#[tokio::test]
async fn a_client_id_more_than_two_minutes_ahead_is_refused_unless_it_is_held() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let (near, far) = (uuid_at(110_000), uuid_at(130_000));
    let problem = node
        .run("ana", chat, text_once("hi", &far))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.code, problem.retryable),
        (ErrorCode::ClientIdFromFuture, false)
    );
    assert_eq!(problem.server_time, Some(NOW));
    let first = repeated(node.run("ana", chat, text_once("hi", &near)).await.unwrap());
    // A phone whose clock is 110 s fast retries after 11 minutes.
    node.clock.advance(11 * 60_000);
    assert_eq!(
        repeated(node.run("ana", chat, text_once("hi", &near)).await.unwrap()),
        (first.0, true)
    );
}

#[tokio::test]
async fn a_sender_who_was_removed_meanwhile_still_learns_that_it_was_stored() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let first = repeated(node.run("ben", chat, text_once("hi", "x")).await.unwrap());
    node.run(
        "ana",
        chat,
        Command::RemoveMember {
            user: user("ben"),
            client_id: None,
        },
    )
    .await
    .unwrap();
    assert_eq!(
        repeated(node.run("ben", chat, text_once("hi", "x")).await.unwrap()),
        (first.0, true)
    );
    assert_eq!(
        node.run("ben", chat, text("ho")).await.unwrap_err().code,
        ErrorCode::NotFound
    );
}

#[tokio::test]
async fn a_repeated_edit_and_reaction_take_one_place() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let message = node.say("ana", chat, "hi").await.id;
    let client_id = |text: &str| Some(ClientId::new(text).unwrap());
    let edit = Command::Edit {
        message,
        content: "ho".into(),
        client_id: client_id("e"),
    };
    let react = Command::React {
        message,
        key: "👍".into(),
        on: true,
        client_id: client_id("r"),
    };
    for command in [edit, react] {
        let first = node.run("ana", chat, command.clone()).await.unwrap();
        let again = node.run("ana", chat, command).await.unwrap();
        let (Outcome::Event { seq: one, .. }, Outcome::Event { seq: two, .. }) = (first, again)
        else {
            panic!("expected events")
        };
        assert_eq!(one, two);
    }
    assert_eq!(
        node.log(chat).await.len(),
        5,
        "two joins, a message, an edit, a reaction"
    );
}

#[tokio::test]
async fn a_repetition_is_found_by_an_owner_whose_clock_is_minutes_behind_the_one_before() {
    let mut node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let client_id = uuid_at(0);
    let first = repeated(
        node.run("ana", chat, text_once("hi", &client_id))
            .await
            .unwrap(),
    );
    node.clock.step_to(NOW.plus_millis(-5 * 60_000));
    node.restart(OwnerSettings::default()).await;
    // The request is from the future, then it is not, and then its owner isn't a new one any more.
    for _ in 0..3 {
        let again = repeated(
            node.run("ana", chat, text_once("hi", &client_id))
                .await
                .unwrap(),
        );
        assert_eq!(again, (first.0, true));
        node.clock.advance(4 * 60_000);
    }
}
