//! Everything is moved to other engines, whose owner goes on.

use std::sync::Arc;

use chinwag_core::{
    clock::ManualClock,
    memory::Memory,
    model::{ApiKey, DeviceRow, PreferencesRow},
    owner::{Command, Outcome, Owner, OwnerPorts, OwnerSettings},
    ports::ReadRange,
    transfer::{Amount, MadeByRequest, Moving, MovingError, Stores},
};
use chinwag_proto::{
    ChatId, ClientId, DeviceId, Seq,
    http::DeviceKind,
    shapes::{PushPreference, Role},
};

use crate::fixture::{NOW, Node, caller, text, text_once, user};

fn stores(ports: &OwnerPorts) -> Stores {
    Stores {
        store: Arc::clone(&ports.store),
        directory: Arc::clone(&ports.directory),
        accounts: Arc::clone(&ports.accounts),
    }
}

/// Engines that nobody has used yet.
fn elsewhere() -> OwnerPorts {
    Memory::new(Arc::new(ManualClock::at(NOW))).owner_ports()
}

/// A node on which much has happened, and its group and direct chat.
async fn lived_in() -> (Node, ChatId, ChatId) {
    let node = Node::start().await;
    let group = node.group("ana", &["ben", "cem"]).await;
    let first = node.say("ana", group, "tea?").await;
    let edit = Command::Edit {
        message: first.id,
        content: "coffee?".into(),
        client_id: None,
    };
    node.run("ana", group, edit).await.unwrap();
    for name in ["ben", "cem"] {
        let react = Command::React {
            message: first.id,
            key: "☕".into(),
            on: true,
            client_id: None,
        };
        node.run(name, group, react).await.unwrap();
    }
    let once = text_once("only once", "a-request");
    node.run("ben", group, once).await.unwrap();
    let spilt = node.say("cem", group, "spilt").await;
    let delete = Command::Delete {
        message: spilt.id,
        client_id: None,
    };
    node.run("cem", group, delete).await.unwrap();
    let remove = Command::RemoveMember {
        user: user("cem"),
        client_id: None,
    };
    node.run("ana", group, remove).await.unwrap();
    let promote = Command::PutMember {
        user: user("ben"),
        role: Role::Admin,
        client_id: None,
    };
    node.run("ana", group, promote).await.unwrap();
    let read = Command::Read {
        message: first.id,
        unread: false,
    };
    node.run("ben", group, read).await.unwrap();
    let mentions = PreferencesRow {
        push: PushPreference::Mentions,
        changed_at: NOW,
        ..PreferencesRow::default()
    };
    let (directory, accounts) = (&node.ports.directory, &node.ports.accounts);
    directory
        .put_preferences(group, &user("ana"), mentions)
        .await
        .unwrap();
    let key = ApiKey {
        id: "k1".into(),
        name: "backend".into(),
        hash: vec![7; 32],
        created_at: NOW,
        revoked_at: None,
    };
    accounts.put_key(key).await.unwrap();
    let phone = DeviceRow {
        user: user("ben"),
        device: DeviceId::new("phone").unwrap(),
        kind: DeviceKind::Fcm,
        address: "an-address".into(),
        locale: None,
        updated_at: NOW,
    };
    accounts.put_device(phone).await.unwrap();
    let direct = node.owner.create_direct(&caller("ana"), &user("dan")).await;
    let direct = direct.unwrap();
    node.say("dan", direct, "psst").await;
    let gone = node.group("dan", &["ana"]).await;
    node.run("dan", gone, Command::DeleteChat).await.unwrap();
    (node, group, direct)
}

#[tokio::test]
async fn everything_is_the_same_on_the_other_side_and_the_owner_there_goes_on() {
    let (node, group, direct) = lived_in().await;
    let to = elsewhere();
    let moving = Moving::new(stores(&node.ports), stores(&to));
    assert!(moving.target_is_empty().await.unwrap());
    let request = MadeByRequest {
        user: user("ana"),
        request: ClientId::new("make-it").unwrap(),
        chat: group,
    };
    moving.copy(vec![request.clone()]).await.unwrap();
    let copied = moving.so_far();
    moving.compare().await.unwrap();
    assert_eq!(moving.so_far(), copied);
    assert_eq!((copied.users, copied.chats), (4, 3));
    assert!(!moving.target_is_empty().await.unwrap());

    let owner = Owner::start(to.clone(), OwnerSettings::default())
        .await
        .unwrap();
    let (ana, ben) = (caller("ana"), caller("ben"));
    let again = owner
        .execute(&ben, group, text_once("only once", "a-request"))
        .await;
    assert!(
        matches!(again, Ok(Outcome::Message { repeated: true, .. })),
        "{again:?}"
    );
    assert!(
        owner
            .execute(&caller("cem"), group, text("still here?"))
            .await
            .is_err()
    );
    let before = node.ports.store.heads(&[group]).await.unwrap()[0]
        .clone()
        .unwrap();
    let next = owner.execute(&ana, group, text("anew")).await.unwrap();
    let Outcome::Message { message, .. } = next else {
        panic!("expected a message, got {next:?}");
    };
    assert_eq!(message.seq, Seq(before.seq.0 + 2), "behind a term event");
    assert!(message.id.0 > before.id.0);
    assert_eq!(
        owner
            .create_direct(&caller("dan"), &user("ana"))
            .await
            .unwrap(),
        direct
    );
    let fresh = ChatId(1);
    let holds = to
        .directory
        .register_request(&request.user, &request.request, fresh);
    assert_eq!(holds.await.unwrap(), group);
    let read = Command::Read {
        message: message.id,
        unread: false,
    };
    owner.execute(&ben, group, read).await.unwrap();
    let marks = to.directory.marks(group, None, 10).await.unwrap();
    let of_ben = marks.iter().find(|(reader, _)| *reader == user("ben"));
    assert_eq!(
        of_ben.unwrap().1.read.unwrap().seq,
        message.seq,
        "a later mark wins"
    );
}

#[tokio::test]
async fn a_copy_that_was_cut_short_goes_on_and_is_whole() {
    let node = Node::start().await;
    let group = node.group("ana", &["ben"]).await;
    for number in 0..1_200 {
        node.say("ana", group, &format!("line {number}")).await;
    }
    let to = elsewhere();
    let whole = Moving::new(stores(&node.ports), stores(&to));
    whole.copy(Vec::new()).await.unwrap();

    let half = elsewhere();
    let range = ReadRange::rising(Seq(1), Seq(700), 700);
    let rows = to.store.read(group, range).await.unwrap();
    let appends = rows
        .into_iter()
        // A hole, as where a node of the store was slower than another.
        .filter(|row| row.seq != Seq(650))
        .map(|row| chinwag_core::ports::Append {
            chat: group,
            row,
            follows: Vec::new(),
            groups: chinwag_core::ports::GroupSet::NONE,
        });
    half.store.append(appends.collect()).await.unwrap();
    let moving = Moving::new(stores(&node.ports), stores(&half));
    moving.copy(Vec::new()).await.unwrap();
    moving.compare().await.unwrap();
    let all = Amount {
        users: 4,
        chats: 1,
        events: 1_202,
    };
    assert_eq!(moving.so_far(), all);
}

#[tokio::test]
async fn the_check_names_what_differs() {
    let (node, group, _) = lived_in().await;
    let to = elsewhere();
    let moving = Moving::new(stores(&node.ports), stores(&to));
    moving.copy(Vec::new()).await.unwrap();
    let other = PreferencesRow::default();
    to.directory
        .put_preferences(group, &user("ana"), other)
        .await
        .unwrap();
    let difference = moving.compare().await.unwrap_err();
    assert!(matches!(difference, MovingError::Differs(_)));
    let told = difference.to_string();
    assert_eq!(
        told,
        format!("the two sides differ in the membership of ana in chat {group}")
    );
    node.say("ana", group, "one more").await;
    let difference = moving.compare().await.unwrap_err();
    assert!(difference.to_string().contains("differ in"), "{difference}");
}
