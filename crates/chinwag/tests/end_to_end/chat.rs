//! People chat.

use chinwag_client::ClientEvent;
use chinwag_proto::{
    frames::{LogBody, ReceiptFrame},
    http::HistoryQuery,
    shapes::MessageStatus,
};
use serde_json::json;

use crate::fixture::{PATIENCE, Running};

#[tokio::test(flavor = "multi_thread")]
async fn two_people_chat_and_every_device_shows_it_once() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    assert_eq!(ben.direct(&ana).await, chat);
    let (mut phone, mut laptop, mut bens) =
        (ana.device().await, ana.device().await, ben.device().await);
    for n in 0..20 {
        phone.client.send(chat, format!("a{n}")).await.unwrap();
        bens.client.send(chat, format!("b{n}")).await.unwrap();
    }
    for device in [&mut phone, &mut laptop, &mut bens] {
        device.until_said("b19").await;
        let expected: Vec<String> = (0..20)
            .flat_map(|n| [format!("a{n}"), format!("b{n}")])
            .collect();
        assert_eq!(device.shown(chat), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn own_messages_never_count_and_marks_reach_the_others() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let (mut anas, bens) = (ana.device().await, ben.device().await);
    for n in 0..3 {
        anas.client.send(chat, format!("a{n}")).await.unwrap();
    }
    assert_eq!(ben.http.chat(chat).await.unwrap().unread, 3);
    bens.client.send(chat, "b0").await.unwrap();
    let last = bens.client.send(chat, "b1").await.unwrap();
    assert_eq!(ana.http.chat(chat).await.unwrap().unread, 2);
    anas.client.read(chat, last.id).await.unwrap();
    assert_eq!(ana.http.chat(chat).await.unwrap().unread, 0);
    bens.client.read(chat, last.id).await.unwrap();
    let read = |event: &ClientEvent| {
        matches!(event,
        ClientEvent::Receipt(ReceiptFrame::Member(receipt)) if receipt.last_read_message_id == Some(last.id))
    };
    anas.until(read).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_deletions_and_reactions_reach_the_others() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let (anas, mut bens) = (ana.device().await, ben.device().await);
    let message = anas.client.send(chat, "one").await.unwrap();
    anas.client.edit(chat, message.id, "two").await.unwrap();
    bens.until(|event| matches!(event, ClientEvent::Log(frame)
        if matches!(&frame.body, LogBody::MessageEdited { message, .. } if message.content == "two"))).await;
    bens.client
        .react(chat, message.id, "👍", true)
        .await
        .unwrap();
    anas.client.delete(chat, message.id).await.unwrap();
    bens.until(|event| matches!(event, ClientEvent::Log(frame)
        if matches!(&frame.body, LogBody::MessageDeleted { message, .. } if message.status == MessageStatus::Deleted))).await;
    let page = ben
        .http
        .history(&HistoryQuery {
            chat_id: chat,
            before: None,
            after: None,
            around: None,
            limit: None,
        })
        .await;
    let tombstone = &page.unwrap().messages[0];
    assert_eq!(
        (tombstone.content.as_str(), tombstone.reactions.len()),
        ("", 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_over_the_other_transport_and_a_restart_stores_nothing_twice() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let mut socket = ana.socket().await;
    let send = |id: u32| json!({"type": "send", "id": id, "chatId": chat, "clientId": "x", "content": "hi"});
    socket.say(send(2)).await;
    let first = socket.hear_of("ack").await["message"]["id"].clone();
    socket.say(send(3)).await;
    assert_eq!(socket.hear_of("ack").await["message"]["id"], first);
    drop(socket);
    let running = running.restart().await;
    let post = reqwest::Client::new()
        .post(format!("{}/v1/messages", running.url()))
        .bearer_auth(&ana.token)
        .json(&json!({"chatId": chat, "clientId": "x", "content": "hi"}));
    let response = post.send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(
        response.json::<serde_json::Value>().await.unwrap()["id"],
        first
    );
    let ben = running.person("ben").await;
    assert_eq!(ben.http.chat(chat).await.unwrap().unread, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_somebody_who_is_a_member_already_is_no_error() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.group(&[&ben]).await;
    let head = ana.http.chat(chat).await.unwrap().head.seq;
    ana.http.add_members(chat, vec![ben.id]).await.unwrap();
    assert_eq!(ana.http.chat(chat).await.unwrap().head.seq, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_is_found_in_any_script_and_by_members_only() {
    let running = Running::start().await;
    let (ana, ben, cem) = (
        running.person("ana").await,
        running.person("ben").await,
        running.person("cem").await,
    );
    let chat = ana.direct(&ben).await;
    let anas = ana.device().await;
    for text in ["明天下午去北京开会", "회의를 시작합니다", "Café au lait"] {
        anas.client.send(chat, text).await.unwrap();
    }
    let found = async |person: &crate::fixture::Person, words: &str| {
        person.http.search(words, None).await.unwrap().total
    };
    let indexed = async {
        while found(&ben, "cafe").await == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, indexed)
        .await
        .expect("the index follows");
    for (words, hits) in [("北京", 1), ("京北", 0), ("회의", 1), ("CAFÉ", 1)] {
        assert_eq!(found(&ben, words).await, hits, "{words}");
        assert_eq!(found(&cem, words).await, 0, "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_registers_signs_in_and_chats() {
    let running = Running::start().await;
    let token = running.register("Zoe", "correct horse").await;
    let http = chinwag_client::Http::new(running.url());
    let login = chinwag_proto::http::Login {
        user_id: "ZOE".into(),
        password: "correct horse".into(),
    };
    assert_eq!(http.login(&login).await.unwrap().user.id.as_str(), "zoe");
    let chats = http.with_token(token).chats(None).await.unwrap();
    assert!(chats.chats.is_empty());
}
