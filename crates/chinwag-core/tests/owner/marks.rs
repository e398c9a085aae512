//! Marks only rise, unless one says so.

use std::{sync::Arc, time::Duration};

use chinwag_conformance::{Call, Fault, Faults, Flaky};
use chinwag_core::{
    delivery::{HasRead, ReadListener},
    owner::{Command, Outcome, OwnerSettings},
    ports::{BusMessage, EngineError},
};
use chinwag_proto::{ErrorCode, MessageId, frames::ReceiptFrame};
use parking_lot::Mutex;

use crate::fixture::{Node, user};

fn read(message: MessageId) -> Command {
    Command::Read {
        message,
        unread: false,
    }
}

async fn mark(node: &Node, chat: chinwag_proto::ChatId, name: &str) -> Option<MessageId> {
    let membership = node.membership(chat, name).await.unwrap();
    membership.marks.read.map(|place| place.id)
}

/// Returns the read marks that members were told, in order.
fn told(node: &Node) -> Vec<MessageId> {
    let heard = node.ears.0.lock();
    let mark = |message: &Arc<BusMessage>| match &**message {
        BusMessage::Receipt {
            receipt: ReceiptFrame::Member(receipt),
            ..
        } => receipt.last_read_message_id,
        _ => None,
    };
    heard.iter().filter_map(mark).collect()
}

#[tokio::test]
async fn a_late_lower_mark_changes_nothing_and_is_told_to_nobody() {
    let node = Node::start().await;
    node.online("ana", 1).await;
    let chat = node.group("ana", &["ben"]).await;
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(node.say("ana", chat, &format!("m{n}")).await.id);
    }
    for index in [9, 3, 7, 0] {
        assert_eq!(
            node.run("ben", chat, read(ids[index])).await.unwrap(),
            Outcome::Done
        );
    }
    assert_eq!(mark(&node, chat, "ben").await, Some(ids[9]));
    assert_eq!(told(&node), [ids[9]]);
    let back = Command::Read {
        message: ids[3],
        unread: true,
    };
    node.run("ben", chat, back).await.unwrap();
    assert_eq!(mark(&node, chat, "ben").await, Some(ids[3]));
}

/// A mark's write took effect, or didn't, and nobody was answered.
async fn unanswered(fault: Fault) -> (Node, Faults, chinwag_proto::ChatId, Vec<MessageId>) {
    let mut node = Node::start().await;
    let faults = Faults::none();
    let directory = Arc::clone(&node.ports.directory);
    node.ports.directory = Arc::new(Flaky::new(directory, &faults));
    node.restart(OwnerSettings::default()).await;
    node.online("ana", 1).await;
    let chat = node.group("ana", &["ben"]).await;
    let ids = vec![
        node.say("ana", chat, "one").await.id,
        node.say("ana", chat, "two").await.id,
    ];
    faults.inject(Call::Write, fault);
    let refused = node.run("ben", chat, read(ids[0])).await.unwrap_err();
    assert!(refused.retryable, "{refused}");
    (node, faults, chat, ids)
}

async fn until_told(node: &Node, wanted: &[MessageId]) {
    let telling = async {
        while told(node) != wanted {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let is_told = tokio::time::timeout(Duration::from_secs(60), telling).await;
    assert!(is_told.is_ok(), "told {:?}, not {wanted:?}", told(node));
}

#[tokio::test(start_paused = true)]
async fn a_mark_whose_write_is_not_answered_for_is_told_whether_it_is_sent_again_or_not() {
    let away = EngineError::Unavailable("away".into());
    // Longer than a caller waits: whoever wrote it is gone by then.
    let late = Fault::Delay(Duration::from_secs(10));
    for fault in [Fault::FailAfter, Fault::Refuse(away), late] {
        for repeats in [true, false] {
            let (node, faults, chat, ids) = unanswered(fault.clone()).await;
            faults.inject(Call::Write, Fault::FailAfter);
            if repeats {
                while node.run("ben", chat, read(ids[0])).await.is_err() {}
            }
            until_told(&node, &ids[..1]).await;
            assert_eq!(mark(&node, chat, "ben").await, Some(ids[0]));
            // Where the first was told at once, this one meets the fault.
            while node.run("ben", chat, read(ids[1])).await.is_err() {}
            until_told(&node, &ids).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_mark_whose_write_is_not_answered_for_is_not_told_after_a_later_one() {
    let (node, _, chat, ids) = unanswered(Fault::FailAfter).await;
    node.run("ben", chat, read(ids[1])).await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(told(&node), ids[1..]);
    assert_eq!(mark(&node, chat, "ben").await, Some(ids[1]));
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_mark_that_is_written_again() {
    let (node, faults, chat, ids) = unanswered(Fault::FailAfter).await;
    faults.inject(Call::Write, Fault::Delay(Duration::from_secs(60)));
    // By then it is being written.
    tokio::time::sleep(Duration::from_millis(150)).await;
    node.run("ben", chat, read(ids[1])).await.unwrap();
    assert_eq!(told(&node), ids[1..]);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert_eq!(told(&node), ids[1..]);
    assert_eq!(mark(&node, chat, "ben").await, Some(ids[1]));
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_gives_a_chat_away_tells_first_of_a_mark_that_nobody_answered_for() {
    let (node, _, _, ids) = unanswered(Fault::FailAfter).await;
    node.owner.leave().await.unwrap();
    assert_eq!(told(&node), ids[..1]);
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_gives_a_chat_away_waits_for_a_mark_not_for_long() {
    let (node, faults, _, _) = unanswered(Fault::FailAfter).await;
    faults.inject(Call::Write, Fault::Delay(Duration::from_secs(3_600)));
    let left = tokio::time::timeout(Duration::from_secs(1), node.owner.leave()).await;
    left.unwrap().unwrap();
    assert!(told(&node).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_an_owner_before_stored_is_told_when_it_is_sent_again() {
    let (mut node, _, chat, ids) = unanswered(Fault::FailAfter).await;
    node.restart(OwnerSettings::default()).await;
    node.online("ana", 1).await;
    let before = told(&node).len();
    for _ in 0..2 {
        node.run("ben", chat, read(ids[0])).await.unwrap();
        assert_eq!(told(&node)[before..], ids[..1]);
    }
    node.run("ben", chat, read(ids[1])).await.unwrap();
    assert_eq!(told(&node)[before..], ids);
}

#[tokio::test]
async fn in_a_large_group_a_mark_is_told_to_the_users_own_sessions_alone() {
    let node = Node::start().await;
    let names: Vec<String> = (0..100).map(|n| format!("user{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    node.users(&names).await;
    node.online("ben", 1).await;
    node.online("user1", 2).await;
    let chat = node.group("ana", &[&names[..], &["ben"]].concat()).await;
    let message = node.say("ana", chat, "hello").await.id;
    node.run("ben", chat, read(message)).await.unwrap();
    let told = node.ears.0.lock().iter().find_map(told_to).unwrap();
    assert_eq!(told, [crate::fixture::user("ben")]);
}

fn told_to(message: &std::sync::Arc<BusMessage>) -> Option<Vec<chinwag_proto::UserId>> {
    match &**message {
        BusMessage::Receipt {
            users,
            receipt: ReceiptFrame::Member(_),
            ..
        } => Some(users.to_vec()),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_marks_at_once_end_at_the_highest() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let mut ids = Vec::new();
    for n in 0..50 {
        ids.push(node.say("ana", chat, &format!("m{n}")).await.id);
    }
    let marking = ids.iter().rev().map(|id| {
        let (owner, command) = (node.owner.clone(), read(*id));
        tokio::spawn(async move {
            owner
                .execute(&crate::fixture::caller("ben"), chat, command)
                .await
                .unwrap()
        })
    });
    for mark in marking.collect::<Vec<_>>() {
        mark.await.unwrap();
    }
    assert_eq!(mark(&node, chat, "ben").await, ids.last().copied());
}

#[tokio::test]
async fn a_mark_at_another_chats_or_no_message_is_refused() {
    let node = Node::start().await;
    let (chat, other) = (
        node.group("ana", &["ben"]).await,
        node.group("ana", &["ben"]).await,
    );
    let elsewhere = node.say("ana", other, "hi").await.id;
    for id in [
        elsewhere,
        MessageId::default(),
        chinwag_proto::EventId(u64::MAX),
    ] {
        assert_eq!(
            node.run("ben", chat, read(id)).await.unwrap_err().code,
            ErrorCode::NotFound
        );
    }
    assert_eq!(mark(&node, chat, "ben").await, None);
}

#[tokio::test]
async fn a_mark_after_a_restart_still_rises() {
    let mut node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let (one, two) = (
        node.say("ana", chat, "1").await.id,
        node.say("ana", chat, "2").await.id,
    );
    node.run("ben", chat, read(one)).await.unwrap();
    node.clock
        .step_to(crate::fixture::NOW.plus_millis(-3_600_000));
    node.restart(chinwag_core::owner::OwnerSettings::default())
        .await;
    node.run("ben", chat, read(two)).await.unwrap();
    assert_eq!(mark(&node, chat, "ben").await, Some(two));
}

#[tokio::test]
async fn marks_of_one_moment_rise_though_their_chat_is_loaded_anew_in_between() {
    // The clock stands still, and memory holds next to nothing.
    let settings = OwnerSettings {
        cached_members: 1,
        ..OwnerSettings::default()
    };
    let node = Node::start_with(settings).await;
    let (chat, other) = (
        node.group("ana", &["ben"]).await,
        node.group("ana", &["ben"]).await,
    );
    let mut ids = Vec::new();
    for n in 0..10 {
        ids.push(node.say("ana", chat, &format!("m{n}")).await.id);
    }
    for half in ids.chunks(5) {
        for id in half {
            node.run("ben", chat, read(*id)).await.unwrap();
            assert_eq!(mark(&node, chat, "ben").await, Some(*id));
        }
        node.say("ana", other, "elsewhere").await;
    }
}

/// What the push role was told.
#[derive(Default)]
struct Told(Mutex<Vec<HasRead>>);

impl ReadListener for Told {
    fn has_read(&self, read: HasRead) {
        self.0.lock().push(read);
    }
}

#[tokio::test]
async fn what_was_read_is_told_for_devices_once_somebody_has_one() {
    let settings = OwnerSettings {
        feeds_devices: false,
        ..OwnerSettings::default()
    };
    let node = Node::start_with(settings).await;
    let told = Arc::new(Told::default());
    node.ports.delivery.attach_read_listener(told.clone());
    let chat = node.group("ana", &["ben"]).await;
    let first = node.say("ana", chat, "to no device").await;
    node.run("ben", chat, read(first.id)).await.unwrap();
    assert!(told.0.lock().is_empty());
    node.owner.feed_devices();
    let second = node.say("ana", chat, "to one").await;
    node.run("ben", chat, read(second.id)).await.unwrap();
    let [read] = &told.0.lock()[..] else {
        panic!("one mark: {:?}", told.0.lock());
    };
    assert_eq!((&read.user, read.through), (&user("ben"), second.seq));
}
