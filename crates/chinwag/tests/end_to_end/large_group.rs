//! Groups above `direct_max_members` go through the queue and a topic, and mean the same.

use chinwag_core::{
    model::UserRow,
    owner::{Caller, Command, NewGroup},
};
use chinwag_proto::{
    ChatId, Timestamp,
    shapes::{HistoryVisible, Role},
};

use crate::fixture::{Running, user};

/// Makes a group of so many people, the first of them its owner.
async fn crowd(running: &Running, people: usize) -> ChatId {
    let names: Vec<String> = (0..people).map(|n| format!("u{n:05}")).collect();
    let rows = names
        .iter()
        .map(|name| UserRow::new(user(name), Timestamp::default()))
        .collect();
    let node = running.server.node();
    node.ports().accounts.create_users(rows).await.unwrap();
    let caller = Caller::user(user("u00000"));
    let group = NewGroup {
        name: "crowd".into(),
        members: names[1..names.len().min(1_000)]
            .iter()
            .map(|name| user(name))
            .collect(),
        history_visible: HistoryVisible::All,
        client_id: None,
    };
    let chat = node.owner().create_group(&caller, group).await.unwrap();
    for names in names.chunks(1_000).skip(1) {
        let users = names.iter().map(|name| user(name)).collect();
        let add = Command::AddMembers {
            users,
            role: Role::Member,
            client_id: None,
        };
        node.owner().execute(&caller, chat, add).await.unwrap();
    }
    chat
}

#[tokio::test(flavor = "multi_thread")]
async fn the_1001st_member_changes_the_path_and_nothing_else() {
    let running = Running::start_with(&[("limits.rates", "off")]).await;
    let chat = crowd(&running, 1_000).await;
    let (first, second) = (
        running.person("u00000").await,
        running.person("u00001").await,
    );
    let (firsts, mut seconds) = (first.device().await, second.device().await);
    for n in 0..20 {
        firsts.client.send(chat, format!("m{n}")).await.unwrap();
        if n == 10 {
            let late = running.person("late").await;
            first.http.add_members(chat, vec![late.id]).await.unwrap();
        }
    }
    seconds.until_said("m19").await;
    let expected: Vec<String> = (0..20).map(|n| format!("m{n}")).collect();
    assert_eq!(seconds.shown(chat), expected);
    let row = running
        .server
        .node()
        .ports()
        .directory
        .chats(&[chat])
        .await
        .unwrap()
        .remove(0)
        .unwrap();
    assert!(row.large);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_joins_while_messages_flow_misses_nothing_after_joining() {
    let running =
        Running::start_with(&[("limits.rates", "off"), ("direct_max_members", "5")]).await;
    let chat = crowd(&running, 10).await;
    let (first, late) = (running.person("u00000").await, running.person("late").await);
    let (firsts, mut lates) = (first.device().await, late.device().await);
    for n in 0..60 {
        firsts.client.send(chat, format!("m{n}")).await.unwrap();
        if n == 20 {
            first
                .http
                .add_members(chat, vec![late.id.clone()])
                .await
                .unwrap();
        }
    }
    lates.until_said("m59").await;
    let shown = lates.shown(chat);
    let after: Vec<String> = (60 - shown.len()..60).map(|n| format!("m{n}")).collect();
    assert_eq!(shown, after, "in order, once, without a gap");
    let unread = late.http.chat(chat).await.unwrap().unread;
    assert_eq!(unread, 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_is_removed_gets_nothing_after_it() {
    let running =
        Running::start_with(&[("limits.rates", "off"), ("direct_max_members", "5")]).await;
    let chat = crowd(&running, 10).await;
    let (first, second, gone) = (
        running.person("u00000").await,
        running.person("u00001").await,
        running.person("u00002").await,
    );
    let (firsts, mut seconds, mut gones) = (
        first.device().await,
        second.device().await,
        gone.socket().await,
    );
    for n in 0..30 {
        firsts.client.send(chat, format!("m{n}")).await.unwrap();
        if n == 10 {
            first.http.remove_member(chat, &gone.id).await.unwrap();
        }
    }
    seconds.until_said("m29").await;
    gones
        .say(serde_json::json!({"type": "typing", "id": 5, "chatId": chat}))
        .await;
    let mut heard = String::new();
    loop {
        let frame = gones.hear().await;
        if frame["type"] == "error" {
            break;
        }
        heard.push_str(&frame.to_string());
    }
    for n in 11..30 {
        assert!(
            !heard.contains(&format!("\"m{n}\"")),
            "m{n} came after the removal"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_members_make_a_group_that_works() {
    let running = Running::start_with(&[("limits.rates", "off")]).await;
    let chat = crowd(&running, 10_000).await;
    let (first, last) = (
        running.person("u00000").await,
        running.person("u09999").await,
    );
    let (firsts, mut lasts) = (first.device().await, last.device().await);
    firsts.client.send(chat, "hello, all").await.unwrap();
    lasts.until_said("hello, all").await;
    assert_eq!(last.http.chat(chat).await.unwrap().member_count, 10_000);
    let page = last.http.members(chat, None).await.unwrap();
    assert!(page.next_cursor.is_some() && page.members.len() <= 200);
}
