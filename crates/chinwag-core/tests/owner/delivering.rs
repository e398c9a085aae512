//! To which nodes what happens is told.

use std::sync::Arc;

use chinwag_core::{
    clock::ManualClock,
    memory::Memory,
    model::{NodeId, UserRow},
    owner::{Caller, Command, NewGroup, Owner, OwnerSettings},
    ports::{Accounts as _, BusEvent, BusMessage, BusSubscription, SessionBeat},
};
use chinwag_proto::{SessionId, shapes::HistoryVisible};

use crate::fixture::{NOW, caller, text, user};

/// Tells what a node hears until somebody types, which everybody hears.
async fn heard(node: &Arc<dyn BusSubscription>) -> usize {
    let mut heard = 0;
    loop {
        match node.next().await.unwrap() {
            BusEvent::Message(_, message) => match &*message {
                BusMessage::Typing { .. } => return heard,
                _ => heard += 1,
            },
            BusEvent::Gap(topics) => panic!("lost on {topics:?}"),
        }
    }
}

#[tokio::test]
async fn the_node_of_the_asking_session_alone_is_told_only_of_what_changes_who_sees_whom() {
    let memory = Memory::new(Arc::new(ManualClock::at(NOW)));
    let users = ["ana", "ben"].map(|name| UserRow::new(user(name), NOW));
    memory.store.create_users(users.into()).await.unwrap();
    let ports = memory.owner_ports();
    let owner = Owner::start(ports, OwnerSettings::default()).await.unwrap();
    let group = NewGroup {
        name: "tea".into(),
        members: vec![user("ben")],
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let chat = owner.create_group(&caller("ana"), group).await.unwrap();
    let (of_ana, of_ben) = (NodeId(1), NodeId(2));
    let here = |name, node, session| SessionBeat {
        user: user(name),
        session: SessionId(session),
        node,
        device: None,
        connected_at: NOW,
    };
    let beats = [here("ana", of_ana, 1), here("ben", of_ben, 2)];
    memory.presence().touch(&beats).await.unwrap();
    let bus = memory.bus();
    let (of_ana, of_ben) = (
        bus.open(of_ana).await.unwrap(),
        bus.open(of_ben).await.unwrap(),
    );
    let asks = Caller {
        session: Some(SessionId(1)),
        ..caller("ana")
    };
    let rename = Command::Update {
        name: Some("coffee".into()),
        history_visible: None,
        client_id: None,
    };
    for (command, told) in [(text("one"), 0), (rename, 1)] {
        owner.execute(&asks, chat, command).await.unwrap();
        owner.execute(&asks, chat, Command::Typing).await.unwrap();
        assert_eq!((heard(&of_ana).await, heard(&of_ben).await), (told, 1));
    }
    // Another device of hers hears all of it, on the same node too.
    let second = [here("ana", NodeId(1), 3)];
    memory.presence().touch(&second).await.unwrap();
    owner.execute(&asks, chat, text("two")).await.unwrap();
    owner.execute(&asks, chat, Command::Typing).await.unwrap();
    assert_eq!((heard(&of_ana).await, heard(&of_ben).await), (1, 1));
    owner.stop().await;
}
