//! A chat changes its path as it grows and shrinks.

use chinwag_core::{
    model::RowBody,
    owner::{Command, OwnerSettings},
    ports::{BusMessage, QueueGroup},
};
use chinwag_proto::shapes::Role;

use crate::fixture::{Node, user};

#[tokio::test]
async fn the_member_past_the_bound_makes_a_chat_large_and_it_shrinks_below_four_fifths() {
    let node = Node::start_with(OwnerSettings {
        direct_max_members: 10,
        ..OwnerSettings::default()
    })
    .await;
    let names: Vec<String> = (0..12).map(|n| format!("u{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    node.users(&names).await;
    node.online("u0", 1).await;
    let chat = node.group("ana", &names[..9]).await;
    let add = Command::AddMembers {
        users: vec![user("u9")],
        role: Role::Member,
        client_id: None,
    };
    node.run("ana", chat, add).await.unwrap();
    let large = |rows: Vec<chinwag_core::model::LogRow>| -> Vec<bool> {
        rows.iter()
            .filter_map(|row| match row.body {
                RowBody::Path { large } => Some(large),
                _ => None,
            })
            .collect()
    };
    assert_eq!(large(node.log(chat).await), [true], "the eleventh member");
    node.settle().await;
    let joined = node.ears.0.lock().iter().any(
        |message| matches!(&**message, BusMessage::Joined { members, .. } if members.len() == 11),
    );
    assert!(
        joined,
        "all members' gateways are told to listen to the topic"
    );
    for name in &names[7..10] {
        node.run(
            "ana",
            chat,
            Command::RemoveMember {
                user: user(name),
                client_id: None,
            },
        )
        .await
        .unwrap();
    }
    assert_eq!(
        large(node.log(chat).await),
        [true, false],
        "eight are left, four fifths of ten"
    );
}

#[tokio::test]
async fn a_large_chats_events_go_through_the_queue() {
    let node = Node::start_with(OwnerSettings {
        direct_max_members: 1,
        ..OwnerSettings::default()
    })
    .await;
    node.online("ben", 1).await;
    let chat = node.group("ana", &["ben"]).await;
    node.clock.advance(61_000);
    let mut consumer = node.ports.queue.join(QueueGroup::Fanout).await.unwrap();
    let message = node.say("ana", chat, "hi").await;
    node.settle().await;
    assert!(
        node.heard("ben")
            .iter()
            .all(|frame| frame.seq < message.seq),
        "not by the owner any more"
    );
    let records = consumer.next(100).await.unwrap();
    assert!(
        records
            .iter()
            .any(|record| record.chat == chat && record.row.id == message.id)
    );
}
