//! Chats, members, roles.

use chinwag_core::owner::{Caller, Command, NewGroup, Outcome};
use chinwag_proto::{
    ClientId, ErrorCode,
    shapes::{ChatType, HistoryVisible, Role},
};

use crate::fixture::{Node, caller, text, user};

fn remove(name: &str) -> Command {
    Command::RemoveMember {
        user: user(name),
        client_id: None,
    }
}

fn put(name: &str, role: Role) -> Command {
    Command::PutMember {
        user: user(name),
        role,
        client_id: None,
    }
}

async fn role_of(node: &Node, chat: chinwag_proto::ChatId, name: &str) -> Option<Role> {
    let member = node.membership(chat, name).await?.member;
    member.active.then_some(member.role)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_has_one_direct_chat_whoever_asks_and_when() {
    let node = Node::start().await;
    let asks = (0..20).map(|n| {
        let owner = node.owner.clone();
        let (one, other) = if n % 2 == 0 {
            ("ana", "ben")
        } else {
            ("ben", "ana")
        };
        tokio::spawn(async move {
            owner
                .create_direct(&caller(one), &user(other))
                .await
                .unwrap()
        })
    });
    let mut chats = std::collections::HashSet::new();
    for ask in asks.collect::<Vec<_>>() {
        chats.insert(ask.await.unwrap());
    }
    assert_eq!(chats.len(), 1);
    let chat = *chats.iter().next().unwrap();
    let row = node
        .ports
        .directory
        .chats(&[chat])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!((row.kind, row.members), (ChatType::Direct, 2));
    node.say("ben", chat, "hi").await;
    for command in [remove("ben"), put("cem", Role::Member), Command::DeleteChat] {
        assert_eq!(
            node.run("ana", chat, command).await.unwrap_err().code,
            ErrorCode::NotAllowed
        );
    }
}

#[tokio::test]
async fn a_chat_with_oneself_or_a_stranger_to_the_server_is_refused() {
    let node = Node::start().await;
    assert_eq!(
        node.owner
            .create_direct(&caller("ana"), &user("ana"))
            .await
            .unwrap_err()
            .status,
        400
    );
    let problem = node
        .owner
        .create_direct(&caller("ana"), &user("zoe"))
        .await
        .unwrap_err();
    assert_eq!(
        (problem.code, problem.status),
        (ErrorCode::UnknownUser, 404)
    );
}

#[tokio::test]
async fn a_repeated_request_for_a_group_answers_the_first_one() {
    let node = Node::start().await;
    let group = NewGroup {
        name: "tea".into(),
        members: vec![user("ben")],
        history_visible: HistoryVisible::All,
        client_id: Some(ClientId::new("g").unwrap()),
    };
    let first = node
        .owner
        .create_group(&caller("ana"), group.clone())
        .await
        .unwrap();
    let again = node
        .owner
        .create_group(&caller("ana"), group.clone())
        .await
        .unwrap();
    assert_eq!(first, again);
    assert_ne!(
        node.owner
            .create_group(&caller("ben"), group)
            .await
            .unwrap(),
        first
    );
}

#[tokio::test]
async fn a_stranger_and_an_ex_member_meet_the_same_answer_as_for_no_chat() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    node.run("ana", chat, remove("ben")).await.unwrap();
    let nowhere = chinwag_proto::ChatId(12345);
    let expected = node.run("dan", nowhere, text("hi")).await.unwrap_err();
    for name in ["ben", "dan"] {
        for command in [
            text("hi"),
            remove("ana"),
            put("dan", Role::Member),
            Command::Typing,
            Command::DeleteChat,
        ] {
            assert_eq!(node.run(name, chat, command).await.unwrap_err(), expected);
        }
    }
}

#[tokio::test]
async fn roles_say_who_may_change_whom() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben", "cem"]).await;
    assert_eq!(
        node.run("ben", chat, put("dan", Role::Member))
            .await
            .unwrap_err()
            .code,
        ErrorCode::Forbidden
    );
    node.run("ana", chat, put("ben", Role::Admin))
        .await
        .unwrap();
    node.run("ben", chat, put("dan", Role::Member))
        .await
        .unwrap();
    assert_eq!(
        node.run("ben", chat, put("dan", Role::Admin))
            .await
            .unwrap_err()
            .code,
        ErrorCode::Forbidden
    );
    assert_eq!(
        node.run("ben", chat, remove("ana")).await.unwrap_err().code,
        ErrorCode::Forbidden
    );
    node.run("ben", chat, remove("cem")).await.unwrap();
    assert_eq!(
        node.run("ana", chat, put("ana", Role::Member))
            .await
            .unwrap_err()
            .code,
        ErrorCode::Conflict
    );
    assert_eq!(role_of(&node, chat, "cem").await, None);
}

#[tokio::test]
async fn when_the_last_owner_leaves_the_oldest_admin_follows_in_the_same_event() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben", "cem"]).await;
    node.run("ana", chat, put("cem", Role::Admin))
        .await
        .unwrap();
    let places = node.log(chat).await.len();
    node.run("ana", chat, remove("ana")).await.unwrap();
    assert_eq!(node.log(chat).await.len(), places + 1);
    assert_eq!(role_of(&node, chat, "cem").await, Some(Role::Owner));
    assert_eq!(role_of(&node, chat, "ana").await, None);
}

#[tokio::test]
async fn a_deleted_chat_is_gone_for_all() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    assert_eq!(
        node.run("ben", chat, Command::DeleteChat)
            .await
            .unwrap_err()
            .code,
        ErrorCode::Forbidden
    );
    node.run("ana", chat, Command::DeleteChat).await.unwrap();
    assert_eq!(
        node.run("ana", chat, text("hi")).await.unwrap_err().code,
        ErrorCode::NotFound
    );
    assert_eq!(node.owner.heads(&[chat]).await.unwrap(), [None]);
}

#[tokio::test]
async fn an_api_key_administers_without_being_a_member() {
    let node = Node::start().await;
    let chat = node.group("ana", &["ben"]).await;
    let key = Caller {
        api_key: true,
        ..caller("app")
    };
    let message = node.say("ben", chat, "hi").await;
    node.owner
        .execute(&key, chat, put("cem", Role::Admin))
        .await
        .unwrap();
    node.owner
        .execute(
            &key,
            chat,
            Command::Delete {
                message: message.id,
                client_id: None,
            },
        )
        .await
        .unwrap();
    assert_eq!(
        node.owner
            .execute(&key, chat, text("hi"))
            .await
            .unwrap_err()
            .code,
        ErrorCode::NotFound
    );
    assert!(matches!(
        node.owner.execute(&key, chat, Command::DeleteChat).await,
        Ok(Outcome::Event { .. })
    ));
}
