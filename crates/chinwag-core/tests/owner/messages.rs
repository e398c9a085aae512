//! Messages and their changes.

use std::sync::Arc;

use chinwag_core::{
    owner::{Command, NewMessage, Outcome, OwnerSettings},
    ports::QueueGroup,
};
use chinwag_proto::{
    ErrorCode, Seq,
    frames::LogBody,
    shapes::{HistoryVisible, MessageStatus},
};

use chinwag_conformance::{Call, Faults, Flaky, Moment};

use crate::fixture::{Node, caller, text, user};

fn edit(message: chinwag_proto::MessageId, content: &str) -> Command {
    Command::Edit {
        message,
        content: content.into(),
        client_id: None,
    }
}

fn delete(message: chinwag_proto::MessageId) -> Command {
    Command::Delete {
        message,
        client_id: None,
    }
}

fn react(message: chinwag_proto::MessageId, key: &str, on: bool) -> Command {
    Command::React {
        message,
        key: key.into(),
        on,
        client_id: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_dense_and_ids_rise_with_them() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let sends = (0..500).map(|n| {
        let owner = node.owner.clone();
        let name = if n % 2 == 0 { "ana" } else { "ben" };
        tokio::spawn(async move {
            owner
                .execute(&caller(name), chat, text(&format!("m{n}")))
                .await
                .unwrap()
        })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap();
    }
    let log = node.log(chat).await;
    for (row, place) in log.iter().zip(1..) {
        assert_eq!(row.seq, Seq(place));
    }
    assert!(log.windows(2).all(|pair| pair[0].id < pair[1].id));
    assert_eq!(log.last().unwrap().count, 500);
    assert!(log.windows(2).all(|pair| pair[1].confirmed < pair[1].seq));
}

#[tokio::test]
async fn members_hear_each_event_in_order() {
    let node = Node::start().await;
    node.online("ben", 1).await;
    let chat = node.group("ana", &["ben"]).await;
    for n in 0..20 {
        node.say("ana", chat, &format!("m{n}")).await;
    }
    node.settle().await;
    let heard = node.heard("ben");
    let seqs: Vec<u64> = heard.iter().map(|frame| frame.seq.0).collect();
    assert_eq!(
        seqs,
        (2..=22).collect::<Vec<_>>(),
        "from the event that made ben a member"
    );
}

#[tokio::test]
async fn an_edit_keeps_the_version_before_and_only_the_author_edits() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let message = node.say("ben", chat, "one").await;
    assert_eq!(
        node.run("ana", chat, edit(message.id, "x"))
            .await
            .unwrap_err()
            .code,
        ErrorCode::Forbidden
    );
    node.clock.advance(1_000);
    for content in ["two", "three"] {
        node.run("ben", chat, edit(message.id, content))
            .await
            .unwrap();
    }
    let versions = node.ports.store.versions(chat, message.seq).await.unwrap();
    let contents: Vec<&str> = versions
        .iter()
        .map(|version| version.content.as_str())
        .collect();
    assert_eq!(contents, ["one", "two"]);
    assert_eq!(versions[0].timestamp, message.timestamp);
    let row = &node.log(chat).await[message.seq.0 as usize - 1];
    assert_eq!(row.message().unwrap().content, "three");
    assert_eq!(row.message().unwrap().change_seq, Seq(message.seq.0 + 2));
}

#[tokio::test]
async fn a_deletion_leaves_a_tombstone_and_nothing_that_was_said() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let message = node.say("ben", chat, "secret").await;
    node.run("ben", chat, edit(message.id, "secret 2"))
        .await
        .unwrap();
    node.run("ana", chat, react(message.id, "👍", true))
        .await
        .unwrap();
    let outcome = node.run("ana", chat, delete(message.id)).await.unwrap();
    let Outcome::Event {
        message: Some(tombstone),
        ..
    } = outcome
    else {
        panic!("expected an event")
    };
    assert_eq!(tombstone.status, MessageStatus::Deleted);
    assert_eq!(
        (tombstone.content.as_str(), tombstone.reactions.len()),
        ("", 0)
    );
    assert_eq!(
        tombstone.deleted_by,
        Some(user("ana")),
        "the owner of the group may"
    );
    assert!(
        node.ports
            .store
            .versions(chat, message.seq)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        node.ports
            .store
            .reactors(chat, message.seq, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        node.run("ben", chat, edit(message.id, "x"))
            .await
            .unwrap_err()
            .code,
        ErrorCode::MessageDeleted
    );
    assert_eq!(
        node.run("ben", chat, react(message.id, "x", true))
            .await
            .unwrap_err()
            .status,
        409
    );
    let places = node.log(chat).await.len();
    node.run("ben", chat, delete(message.id)).await.unwrap();
    assert_eq!(
        node.log(chat).await.len(),
        places,
        "deleting what is deleted takes no place"
    );
}

#[tokio::test]
async fn only_author_admin_and_owner_delete() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben", "cem"]).await;
    let message = node.say("ben", chat, "hi").await;
    assert_eq!(
        node.run("cem", chat, delete(message.id))
            .await
            .unwrap_err()
            .code,
        ErrorCode::Forbidden
    );
    assert_eq!(
        node.run("dan", chat, delete(message.id))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_reactions_at_once_all_count() {
    let node = Node::start().await;
    let names: Vec<String> = (0..100).map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    node.users(&names).await;
    let chat = node.group("ana", &names).await;
    let message = node.say("ana", chat, "hi").await;
    let reacting = names.iter().map(|name| {
        let (owner, caller) = (node.owner.clone(), caller(name));
        tokio::spawn(async move {
            owner
                .execute(&caller, chat, react(message.id, "👍", true))
                .await
                .unwrap()
        })
    });
    for reaction in reacting.collect::<Vec<_>>() {
        reaction.await.unwrap();
    }
    let log = node.log(chat).await;
    let stored = log[message.seq.0 as usize - 1].message().unwrap();
    assert_eq!(stored.reactions, [("👍".to_owned(), 100)]);
    assert_eq!(
        node.ports
            .store
            .reactors(chat, message.seq, 1_000)
            .await
            .unwrap()
            .len(),
        100
    );
}

#[tokio::test]
async fn reacting_twice_or_taking_off_what_is_not_there_takes_no_place() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let message = node.say("ana", chat, "hi").await;
    node.run("ben", chat, react(message.id, "👍", true))
        .await
        .unwrap();
    let places = node.log(chat).await.len();
    node.run("ben", chat, react(message.id, "👍", true))
        .await
        .unwrap();
    node.run("ana", chat, react(message.id, "👍", false))
        .await
        .unwrap();
    assert_eq!(node.log(chat).await.len(), places);
    node.run("ben", chat, react(message.id, "👍", false))
        .await
        .unwrap();
    assert!(
        node.log(chat).await[message.seq.0 as usize - 1]
            .message()
            .unwrap()
            .reactions
            .is_empty()
    );
}

#[tokio::test]
async fn a_message_has_at_most_twenty_different_reactions() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let message = node.say("ana", chat, "hi").await;
    for n in 0..20 {
        node.run("ben", chat, react(message.id, &format!("k{n}"), true))
            .await
            .unwrap();
    }
    assert_eq!(
        node.run("ben", chat, react(message.id, "k20", true))
            .await
            .unwrap_err()
            .status,
        409
    );
    node.run("ana", chat, react(message.id, "k3", true))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_late_joiner_gets_changes_of_earlier_messages_as_hidden() {
    let node = Node::start().await;
    let chat = node
        .group_where("ana", &["ben"], HistoryVisible::Joined)
        .await;
    let before = node.say("ana", chat, "before").await;
    node.online("cem", 3).await;
    node.run(
        "ana",
        chat,
        Command::AddMembers {
            users: vec![user("cem")],
            role: chinwag_proto::shapes::Role::Member,
            client_id: None,
        },
    )
    .await
    .unwrap();
    let after = node.say("ana", chat, "after").await;
    node.run("ana", chat, edit(before.id, "before, edited"))
        .await
        .unwrap();
    node.run("ana", chat, edit(after.id, "after, edited"))
        .await
        .unwrap();
    node.settle().await;
    let bodies: Vec<bool> = node
        .heard("cem")
        .iter()
        .map(|frame| frame.body == LogBody::Hidden)
        .collect();
    assert_eq!(bodies, [false, false, true, false]);
    let reply = NewMessage {
        content: "?".into(),
        reply_to: Some(before.id),
        ..NewMessage::default()
    };
    assert_eq!(
        node.run("cem", chat, Command::Send(reply))
            .await
            .unwrap_err()
            .code,
        ErrorCode::BadRequest
    );
    assert_eq!(
        node.run("cem", chat, react(before.id, "👍", true))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
}

#[tokio::test]
async fn what_is_too_large_or_empty_changes_nothing() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let places = node.log(chat).await.len();
    for content in [String::new(), "x".repeat(16 * 1024 + 1), "a\0b".into()] {
        assert!(node.run("ana", chat, text(&content)).await.is_err());
    }
    node.run("ana", chat, text(&"x".repeat(16 * 1024)))
        .await
        .unwrap();
    assert_eq!(node.log(chat).await.len(), places + 1);
}

#[tokio::test]
async fn messages_are_queued_for_devices_once_somebody_has_one() {
    let settings = OwnerSettings {
        feeds_devices: false,
        ..OwnerSettings::default()
    };
    let node = Node::start_with(settings).await;
    let chat = node.group("ana", &["ben"]).await;
    node.say("ana", chat, "to no device").await;
    let queue = &node.ports.queue;
    assert_eq!(queue.lag(QueueGroup::Push).await.unwrap(), 0);
    assert_eq!(queue.lag(QueueGroup::Indexer).await.unwrap(), 1);
    node.owner.feed_devices();
    node.say("ana", chat, "to one").await;
    assert_eq!(queue.lag(QueueGroup::Push).await.unwrap(), 1);
}

#[tokio::test]
async fn who_was_away_gets_changes_of_what_was_said_meanwhile_as_hidden() {
    let node = Node::start().await;
    let chat = node
        .group_where("ana", &["cem"], HistoryVisible::Joined)
        .await;
    let remove = Command::RemoveMember {
        user: user("cem"),
        client_id: None,
    };
    node.run("ana", chat, remove).await.unwrap();
    let meanwhile = node.say("ana", chat, "meanwhile").await;
    let add = Command::AddMembers {
        users: vec![user("cem")],
        role: chinwag_proto::shapes::Role::Member,
        client_id: None,
    };
    node.run("ana", chat, add).await.unwrap();
    node.online("cem", 3).await;
    node.run("ana", chat, edit(meanwhile.id, "meanwhile, edited"))
        .await
        .unwrap();
    node.settle().await;
    let heard = node.heard("cem");
    let bodies: Vec<_> = heard.iter().map(|frame| &frame.body).collect();
    assert_eq!(bodies, [&LogBody::Hidden]);
}

/// Who deleted it from another device could lose what they were told is done.
#[tokio::test(start_paused = true)]
async fn what_is_so_already_by_an_event_on_its_way_is_acknowledged_with_that_event() {
    let mut node = Node::start().await;
    let faults = Faults::none();
    let store = Arc::clone(&node.ports.store);
    node.ports.store = Arc::new(Flaky::new(store, &faults));
    node.restart(OwnerSettings::default()).await;
    let chat = node.group("ana", &["ben"]).await;
    let message = node.say("ana", chat, "one").await.id;
    faults.hold(Call::Append, Moment::Before);
    for _ in 0..2 {
        let unsure = node.run("ana", chat, delete(message)).await.unwrap_err();
        assert_eq!(unsure.code, ErrorCode::UnknownOutcome);
    }
    faults.release();
    node.run("ana", chat, delete(message)).await.unwrap();
    let deletions = node.log(chat).await;
    let deletions = deletions.iter().filter(|row| row.target().is_some());
    assert_eq!(deletions.count(), 1);
}
