use chinwag_core::{
    owner::{Caller, Command, NewGroup, NewMessage},
    ports::{Order, ReadRange},
};
use chinwag_proto::{ChatId, Seq, UserId, shapes::HistoryVisible};

use super::*;
use crate::{node::Node, transfer::backup, wiring::Opening};

fn config(directory: &Path) -> Config {
    let data_dir = directory.join("data");
    let settings = [
        ("data_dir", data_dir.to_str().unwrap()),
        ("storage.min_free", "0"),
    ];
    Config::of(&settings).unwrap()
}

const ALL: ReadRange = ReadRange {
    from: Seq(1),
    through: Seq(u64::MAX),
    limit: 1_000,
    order: Order::Rising,
    messages_only: false,
};

/// Makes a group with a message.
async fn group(node: &Node, name: &str) -> ChatId {
    let ana = Caller::user(UserId::new("ana").unwrap());
    let group = NewGroup {
        name: name.into(),
        members: Vec::new(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let chat = node.owner().create_group(&ana, group).await.unwrap();
    let message = NewMessage {
        content: "hello".into(),
        ..NewMessage::default()
    };
    let send = Command::Send(message);
    node.owner().execute(&ana, chat, send).await.unwrap();
    chat
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deleted_chat_left_is_gone_after_restoring_it() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Without roles: nobody purges before the backup is made.
    let node = Node::open(&config(from.path()), Opening::default(), None).await;
    let node = node.unwrap();
    let (kept, deleted) = (group(&node, "kept").await, group(&node, "deleted").await);
    let ana = Caller::user(UserId::new("ana").unwrap());
    let delete = Command::DeleteChat;
    node.owner().execute(&ana, deleted, delete).await.unwrap();
    let file = from.path().join("b");
    let snapshot = node.ports().embedded.as_ref().unwrap().snapshot();
    assert_eq!(snapshot.read(deleted, ALL).unwrap().len(), 3);
    let out = File::create(&file).unwrap();
    backup::write(&snapshot, node.clock().now(), None, out).unwrap();

    let config = config(to.path());
    restore(&config, &file, |_| ()).await.unwrap();
    let restored = wiring::open_store(&config).unwrap();
    let left = restored.read(deleted, ALL).await.unwrap();
    assert!(left.len() == 1 && left[0].ends_chat(), "only its end");
    assert_eq!(restored.read(kept, ALL).await.unwrap().len(), 2);
    node.stop().await;
}
