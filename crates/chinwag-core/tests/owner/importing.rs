//! Imports: what was said elsewhere, with its times, its people and no noise.

use std::{collections::HashSet, sync::Arc};

use chinwag_core::{
    memory::MemorySearch,
    model::Deletion,
    owner::{
        Imported, ImportedBody, ImportedChat, ImportedEvent, ImportedMembership, ImportedMessage,
        OwnerSettings, RepliedTo,
    },
    ports::{BusMessage, QueueGroup},
    reads::{ReadPorts, Reads},
};
use chinwag_proto::{
    ChatId, ClientId, ErrorCode, EventId, Limits, Problem, Timestamp,
    http::{ChatsQuery, SyncRequest},
    shapes::{Chat, MembershipChange, Role, Version},
    snowflake,
};

use crate::fixture::{NOW, Node, caller, text, user};

const THEN: Timestamp = Timestamp::from_unix_millis(1_100_000_000_000);

async fn chat_named(node: &Node, name: &str) -> ImportedChat {
    let request = ClientId::new(&format!("import-{name}")).unwrap();
    ImportedChat {
        id: node.owner.chat_for_import(&request).await.unwrap(),
        name: name.into(),
        owner: user("ana"),
    }
}

fn line(who: &str, after_millis: i64, identity: &str) -> ImportedEvent {
    said(who, after_millis, identity, ImportedMessage::default())
}

/// A line whose text is its identity, unless it was deleted.
fn said(
    who: &str,
    after_millis: i64,
    identity: &str,
    mut message: ImportedMessage,
) -> ImportedEvent {
    if message.deleted.is_none() {
        message.content = identity.into();
    }
    ImportedEvent {
        user: user(who),
        at: THEN.plus_millis(after_millis),
        identity: ClientId::new(identity).unwrap(),
        body: ImportedBody::Message(Box::new(message)),
    }
}

fn membership(
    who: &str,
    identity: &str,
    change: MembershipChange,
    users: &[&str],
    role: Option<Role>,
) -> ImportedEvent {
    ImportedEvent {
        body: ImportedBody::Membership(ImportedMembership {
            change,
            users: users.iter().map(|name| user(name)).collect(),
            role,
            heir: None,
        }),
        ..line(who, 0, identity)
    }
}

async fn import(
    node: &Node,
    chat: &ImportedChat,
    lines: Vec<ImportedEvent>,
) -> Vec<Result<Imported, Problem>> {
    node.owner.import(chat, lines).await.unwrap()
}

fn reads(node: &Node) -> Reads {
    let ports = ReadPorts {
        store: Arc::clone(&node.ports.store),
        directory: Arc::clone(&node.ports.directory),
        accounts: Arc::clone(&node.ports.accounts),
        presence: node.ports.delivery.presence(),
        search: Arc::new(MemorySearch::new()),
        owner: Arc::clone(&node.owner) as _,
        clock: node.clock.clone(),
    };
    Reads::new(ports, Limits::default(), true)
}

async fn seen(node: &Node, who: &str, chat: ChatId) -> Chat {
    reads(node).chat(&caller(who), chat).await.unwrap()
}

#[tokio::test]
async fn lines_keep_their_order_and_their_times() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    let lines = vec![
        line("ben", 0, "a"),
        line("cem", 2_000, "b"),
        line("ben", -60_000, "c"),
        line("ben", 3_000, "d"),
    ];
    import(&node, &chat, lines).await;
    let rows = node.log(chat.id).await;
    let texts: Vec<_> = rows
        .iter()
        .map(|row| &*row.message().unwrap().content)
        .collect();
    assert_eq!(texts, ["a", "b", "c", "d"]);
    let times: Vec<_> = rows.iter().map(|row| row.timestamp).collect();
    let told = [0, 2_000, -60_000, 3_000].map(|millis| THEN.plus_millis(millis));
    assert_eq!(times, told);
    let ids: Vec<_> = rows.iter().map(|row| snowflake::time(row.id.0)).collect();
    let later = [0, 2_000, 2_000, 3_000].map(|millis| THEN.plus_millis(millis));
    assert_eq!(
        ids, later,
        "the later of the line's time and the id before it"
    );
    assert!(rows.windows(2).all(|pair| pair[0].id < pair[1].id));
    let is_imports = |id: EventId| snowflake::node(id.0) == snowflake::IMPORT_NODE;
    assert!(rows.iter().all(|row| is_imports(row.id)));
}

#[tokio::test]
async fn what_was_brought_in_before_is_left_out() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    let first = import(&node, &chat, vec![line("ben", 0, "a"), line("ben", 0, "b")]).await;
    let again = vec![
        line("ben", 0, "a"),
        line("cem", 1, "c"),
        line("ben", 0, "b"),
    ];
    let second = import(&node, &chat, again).await;
    assert_eq!(node.log(chat.id).await.len(), 3);
    let place = |answer: &Result<Imported, Problem>| {
        let line = answer.as_ref().unwrap();
        (line.seq.0, line.id, line.repeated)
    };
    assert_eq!(place(&second[0]), (1, place(&first[0]).1, true));
    assert_eq!(place(&second[2]), (2, place(&first[1]).1, true));
    assert_eq!((place(&second[1]).0, place(&second[1]).2), (3, false));
    assert_eq!(
        chat_named(&node, "tea").await.id,
        chat.id,
        "found again by its name"
    );
}

#[tokio::test]
async fn two_chats_with_lines_of_the_same_times_never_share_an_id() {
    let node = Node::start().await;
    let mut ids = HashSet::new();
    let mut count = 0;
    for name in 0..20 {
        let chat = chat_named(&node, &format!("chat{name}")).await;
        // More than one chat's share of a millisecond, so that they must meet.
        let lines = (0..500).map(|n| line("ben", 0, &format!("l{n}"))).collect();
        for answer in import(&node, &chat, lines).await {
            ids.insert(answer.unwrap().id);
            count += 1;
        }
    }
    assert_eq!(ids.len(), count);
    for id in ids {
        assert!(node.ports.store.find(id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn imports_that_run_at_once_never_share_an_id() {
    let node = Arc::new(Node::start().await);
    let mut working = tokio::task::JoinSet::new();
    for name in 0..16 {
        let node = Arc::clone(&node);
        working.spawn(async move {
            let chat = chat_named(&node, &format!("chat{name}")).await;
            let lines = (0..400).map(|n| line("ben", 0, &format!("l{n}"))).collect();
            import(&node, &chat, lines).await
        });
    }
    let mut ids = HashSet::new();
    while let Some(answers) = working.join_next().await {
        for answer in answers.unwrap() {
            assert!(ids.insert(answer.unwrap().id));
        }
    }
    assert_eq!(ids.len(), 16 * 400);
}

#[tokio::test]
async fn the_owner_owns_and_who_speaks_is_a_member_from_the_first_place() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    import(&node, &chat, vec![line("ben", 0, "a"), line("cem", 5, "b")]).await;
    for (name, role) in [
        ("ana", Role::Owner),
        ("ben", Role::Member),
        ("cem", Role::Member),
    ] {
        let member = node.membership(chat.id, name).await.unwrap().member;
        assert_eq!(
            (member.role, member.active, member.joined_seq.0),
            (role, true, 1)
        );
        assert!(member.intervals.contains(chinwag_proto::Seq(1)));
    }
    let shown = seen(&node, "ana", chat.id).await;
    assert_eq!(
        (shown.name.as_deref(), shown.member_count),
        (Some("tea"), 3)
    );
    assert_eq!(shown.role, Role::Owner);
}

#[tokio::test]
async fn nothing_of_an_import_is_unread_and_what_is_said_after_it_is() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    for part in 0..5 {
        let lines = (0..300)
            .map(|n| line("ben", n, &format!("{part}-{n}")))
            .collect();
        import(&node, &chat, lines).await;
        let shown = seen(&node, "ana", chat.id).await;
        assert_eq!(
            (shown.unread, shown.unread_capped),
            (0, None),
            "while it runs, too"
        );
    }
    let mut mentioned = match text("live") {
        chinwag_core::owner::Command::Send(message) => message,
        _ => unreachable!(),
    };
    mentioned.mentions = vec![user("ana")];
    let send = chinwag_core::owner::Command::Send(mentioned);
    node.run("ben", chat.id, send).await.unwrap();
    node.say("ben", chat.id, "live too").await;
    let shown = seen(&node, "ana", chat.id).await;
    assert_eq!((shown.unread, shown.mentions), (2, 1));
}

#[tokio::test]
async fn an_import_makes_no_events_and_no_pushes_and_is_there_for_the_indexer() {
    let node = Node::start().await;
    node.online("ana", 1).await;
    let mut indexer = node.ports.queue.join(QueueGroup::Indexer).await.unwrap();
    let chat = chat_named(&node, "tea").await;
    import(&node, &chat, vec![line("ben", 0, "a"), line("ben", 1, "b")]).await;
    node.settle().await;
    assert!(node.ears.0.lock().is_empty());
    assert_eq!(node.ports.queue.lag(QueueGroup::Push).await.unwrap(), 0);
    let records = indexer.next(10).await.unwrap();
    let found: Vec<_> = records.iter().map(|record| record.row.seq.0).collect();
    assert_eq!(found, [1, 2]);
    let live = node.say("ben", chat.id, "live").await;
    node.settle().await;
    assert_eq!(node.heard("ana").len(), 1);
    assert!(live.id > records[1].row.id);
}

#[tokio::test]
async fn a_chat_that_becomes_large_by_an_import_is_told_to_those_who_are_online() {
    let settings = OwnerSettings {
        direct_max_members: 5,
        ..OwnerSettings::default()
    };
    let node = Node::start_with(settings).await;
    node.online("ana", 1).await;
    node.online("p7", 2).await;
    let chat = chat_named(&node, "tea").await;
    let lines = (0..8)
        .map(|n| line(&format!("p{n}"), n, &format!("l{n}")))
        .collect();
    import(&node, &chat, lines).await;
    node.settle().await;
    let heard: Vec<_> = node.ears.0.lock().clone();
    let joined: Vec<String> = heard
        .iter()
        .flat_map(|message| match &**message {
            BusMessage::Joined { members, .. } => members.clone(),
            other => panic!("nothing else is heard: {other:?}"),
        })
        .map(|(user, _)| user.to_string())
        .collect();
    assert!(joined.contains(&"ana".to_owned()) && joined.contains(&"p7".to_owned()));
    let row = node
        .ports
        .directory
        .chats(&[chat.id])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert_eq!((row.large, row.members), (true, 9));
}

#[tokio::test]
async fn a_line_from_before_2000_or_from_the_future_is_refused_and_the_rest_goes_in() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    let old = ImportedEvent {
        at: Timestamp::from_unix_millis(900_000_000_000),
        ..line("ben", 0, "old")
    };
    let new = ImportedEvent {
        at: NOW.plus_millis(60_000),
        ..line("ben", 0, "new")
    };
    let empty = ImportedEvent {
        body: ImportedBody::Message(Box::default()),
        ..line("ben", 0, "empty")
    };
    let lines = vec![line("ben", 0, "a"), old, new, empty, line("ben", 1, "b")];
    let answers = import(&node, &chat, lines).await;
    let refused: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().err())
        .collect();
    let said: Vec<_> = refused
        .iter()
        .map(|problem| problem.detail.as_str())
        .collect();
    assert!(
        said[0].contains("1998") && said[0].contains("before 2000"),
        "{said:?}"
    );
    assert!(
        said[1].contains("future") && said[2].contains("empty"),
        "{said:?}"
    );
    assert_eq!(node.log(chat.id).await.len(), 2);
    // Nothing that is refused keeps anyone from sending afterwards.
    node.say("ben", chat.id, "live").await;
}

#[tokio::test]
async fn an_import_fills_only_chats_that_it_made() {
    let node = Node::start().await;
    let group = node.group("ana", &["ben"]).await;
    let theirs = ImportedChat {
        id: group,
        name: "tea".into(),
        owner: user("ana"),
    };
    let refused = node.owner.import(&theirs, vec![line("ben", 0, "a")]).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Conflict);
    let chat = chat_named(&node, "tea").await;
    import(&node, &chat, vec![line("ben", 0, "a")]).await;
    let delete = chinwag_core::owner::Command::DeleteChat;
    node.run("ana", chat.id, delete).await.unwrap();
    let refused = node.owner.import(&chat, vec![line("ben", 0, "b")]).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test]
async fn a_message_comes_with_all_that_belongs_to_it() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    let version = |content: &str, millis| Version {
        content: content.into(),
        timestamp: THEN.plus_millis(millis),
    };
    let edited = ImportedMessage {
        edited_at: Some(THEN.plus_millis(9)),
        versions: vec![version("one", 0), version("two", 1), version("three", 2)],
        mentions: vec![user("cem")],
        metadata: r#"{"a":1}"#.parse().unwrap(),
        client_timestamp: Some(THEN.plus_millis(-1)),
        reactions: vec![
            ("+".into(), vec![user("ana"), user("cem")]),
            ("-".into(), vec![user("ana")]),
        ],
        ..ImportedMessage::default()
    };
    let reply = |to| ImportedMessage {
        reply_to: Some(to),
        ..ImportedMessage::default()
    };
    let deleted = ImportedMessage {
        deleted: Some(Deletion {
            at: THEN,
            by: user("ana"),
        }),
        ..ImportedMessage::default()
    };
    let lines = vec![
        said("ben", 0, "now", edited),
        said("cem", 1, "reply", reply(RepliedTo::Line(0))),
        said("cem", 2, "gone", deleted),
    ];
    let answers = import(&node, &chat, lines).await;
    let first = answers[0].as_ref().unwrap().id;
    let later = said("ana", 3, "later", reply(RepliedTo::Message(first)));
    import(&node, &chat, vec![later]).await;
    let rows = node.log(chat.id).await;
    let message = |at: usize| rows[at].message().unwrap();
    assert_eq!(message(0).reactions, [("+".into(), 2), ("-".into(), 1)]);
    assert_eq!(message(0).mentions, [user("cem")]);
    assert_eq!(message(1).reply_to, Some(first));
    assert_eq!(message(3).reply_to, Some(first));
    assert!(message(2).deleted.is_some() && message(2).content.is_empty());
    let store = &node.ports.store;
    let versions = store.versions(chat.id, rows[0].seq).await.unwrap();
    let texts: Vec<_> = versions.iter().map(|version| &*version.content).collect();
    assert_eq!(texts, ["one", "two", "three"]);
    let own = store
        .reactions_of(chat.id, &[rows[0].seq], &user("ana"))
        .await;
    assert_eq!(own.unwrap(), [["+", "-"]]);
}

#[tokio::test]
async fn who_answers_a_refused_line_is_refused_too() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    let old = ImportedEvent {
        at: Timestamp::from_unix_millis(0),
        ..line("ben", 0, "old")
    };
    let reply = ImportedMessage {
        reply_to: Some(RepliedTo::Line(0)),
        ..ImportedMessage::default()
    };
    let answers = import(&node, &chat, vec![old, said("cem", 1, "reply", reply)]).await;
    assert!(answers[1].as_ref().unwrap_err().detail.contains("/replyTo"));
    assert!(answers.iter().all(Result::is_err));
}

#[tokio::test]
async fn members_come_and_go_as_the_lines_say_and_the_owner_stays() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    use MembershipChange::{Added, Left, Removed, Role as Changed};
    let lines = vec![
        line("ben", 0, "a"),
        membership("ben", "b", Added, &["cem", "dan"], None),
        membership("cem", "c", Left, &["cem"], None),
        membership("ben", "d", Changed, &["dan"], Some(Role::Admin)),
        membership("ben", "e", Removed, &["ana"], None),
        membership("ben", "f", Left, &["ben"], None),
        membership("dan", "g", Added, &["ben"], None),
        line("cem", 9, "after-leaving"),
    ];
    import(&node, &chat, lines).await;
    let mut roles = Vec::new();
    for name in ["ana", "ben", "cem", "dan"] {
        let member = node.membership(chat.id, name).await.unwrap().member;
        roles.push((name, member.role, member.active));
    }
    let wanted = [
        ("ana", Role::Owner, true),
        ("ben", Role::Member, true),
        ("cem", Role::Member, false),
        ("dan", Role::Admin, true),
    ];
    assert_eq!(roles, wanted);
    assert_eq!(seen(&node, "ana", chat.id).await.member_count, 3);
    let reading = reads(&node).chat(&caller("cem"), chat.id).await;
    assert_eq!(reading.unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(node.log(chat.id).await.len(), 8);
}

#[tokio::test]
async fn a_client_that_synced_while_an_import_ran_hears_of_what_came_after() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    import(&node, &chat, vec![line("ben", 0, "a")]).await;
    let sync = async |since: Option<String>| {
        let request = SyncRequest {
            since,
            chats: Default::default(),
        };
        reads(&node).sync(&caller("ana"), request).await.unwrap()
    };
    let first = sync(None).await;
    assert_eq!(first.chats.len(), 1);
    node.clock.advance(60_000);
    let second = sync(Some(first.token)).await;
    node.clock.advance(60_000);
    let since = node.ports.clock.now();
    let quiet = sync(Some(second.token)).await;
    assert!(quiet.chats.is_empty());
    import(&node, &chat, vec![line("ben", 0, "b")]).await;
    assert_eq!(sync(Some(quiet.token)).await.chats.len(), 1);
    let query = |since| ChatsQuery {
        since: Some(since),
        ..ChatsQuery::default()
    };
    let listed = reads(&node).chats(&caller("ana"), query(since)).await;
    assert_eq!(listed.unwrap().chats.len(), 1);
    let after = since.plus_millis(1);
    let listed = reads(&node).chats(&caller("ana"), query(after)).await;
    assert!(listed.unwrap().chats.is_empty());
}

#[tokio::test]
async fn a_new_term_comes_before_imported_lines_and_keeps_their_times() {
    let node = Node::start().await;
    let chat = chat_named(&node, "tea").await;
    import(&node, &chat, vec![line("ben", 0, "a")]).await;
    let shard = chinwag_core::model::Shard::of(chat.id);
    node.owner.take_over(shard).await.unwrap();
    import(&node, &chat, vec![line("ben", 5, "b")]).await;
    let rows = node.log(chat.id).await;
    assert!(rows[1].is_internal() && rows[1].is_imported());
    assert_eq!(rows[2].message().unwrap().content, "b");
    assert_eq!(snowflake::time(rows[2].id.0), THEN.plus_millis(5));
    assert!(rows[2].term > rows[0].term);
    assert_eq!(seen(&node, "ana", chat.id).await.unread, 0);
}
