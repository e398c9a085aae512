//! Two users, several devices, and what each of them sees.

use chinwag_core::owner::Command;
use chinwag_proto::shapes::HistoryVisible;
use serde_json::json;

use crate::node::{Node, user};

#[tokio::test]
async fn two_users_chat_and_the_senders_other_device_sees_it_too() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let (mut phone, mut laptop) = (node.session("ana").await, node.session("ana").await);
    let mut ben = node.session("ben").await;
    let ack = phone.send(chat, "hello").await;
    assert_eq!(ack["message"]["content"], "hello");
    for client in [&mut laptop, &mut ben] {
        let event = client.until_type("message").await;
        assert_eq!(event["message"]["id"], ack["message"]["id"]);
        assert_eq!(event["seq"], ack["seq"]);
        assert!(event.get("id").is_none(), "events carry no number: {event}");
    }
    assert_eq!(
        phone.settled().await,
        [json!(null); 0],
        "the sender has the ack"
    );
    ben.send(chat, "hi").await;
    phone
        .until(|frame| frame["message"]["content"] == "hi")
        .await;
}

#[tokio::test]
async fn changes_of_one_chat_are_answered_in_the_order_asked() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let mut ana = node.session("ana").await;
    let mut asked = Vec::new();
    for number in 0..50 {
        let frame = json!({"type": "send", "chatId": chat, "content": number.to_string()});
        asked.push(ana.request(frame).await);
    }
    let mut places = Vec::new();
    for id in asked {
        let answer = ana.next().await;
        assert_eq!(answer["id"], id);
        places.push(answer["seq"].as_u64().unwrap());
    }
    assert!(places.is_sorted_by(|a, b| a < b), "{places:?}");
}

#[tokio::test]
async fn a_heartbeat_is_answered_while_a_change_waits_and_tells_which_chats_are_ahead() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    node.users(&["eve"]).await;
    let (mut ana, mut eve) = (node.session("ana").await, node.session("eve").await);
    node.say("ben", chat, "one").await;
    let at_0 = json!({"type": "heartbeat", "chats": {chat.to_string(): {"epoch": 1, "seq": 0}}});
    let answer = ana.ask(at_0.clone()).await;
    let place = &answer["chats"][chat.to_string()];
    assert!(place["seq"].as_u64().unwrap() >= 1, "{answer}");
    let there = json!({"type": "heartbeat", "chats": {chat.to_string(): place}});
    assert!(ana.ask(there).await.get("chats").is_none());
    // Who isn't in the chat learns nothing of it.
    assert!(eve.ask(at_0).await.get("chats").is_none());
}

#[tokio::test]
async fn who_may_not_see_the_target_gets_a_hidden_place() {
    let node = Node::start().await;
    let chat = node.group(&["ana", "ben"], HistoryVisible::Joined).await;
    let early = node.say("ana", chat, "before cem").await;
    node.users(&["cem"]).await;
    node.add("ana", chat, &[user("cem")]).await;
    let (mut ben, mut cem) = (node.session("ben").await, node.session("cem").await);
    let react = Command::React {
        message: early,
        key: "x".into(),
        on: true,
        client_id: None,
    };
    node.execute("ana", chat, react).await;
    let seen = ben.until_type("reaction").await;
    let hidden = cem.next().await;
    assert_eq!(hidden["type"], "hidden", "{hidden}");
    assert_eq!(hidden["seq"], seen["seq"]);
    assert!(!hidden.to_string().contains(&early.to_string()));
}

#[tokio::test]
async fn who_was_removed_gets_nothing_more_and_is_told_nothing_of_the_chat() {
    let node = Node::start().await;
    let chat = node
        .group(&["ana", "ben", "cem"], HistoryVisible::All)
        .await;
    let (mut ben, mut cem) = (node.session("ben").await, node.session("cem").await);
    node.remove("ana", chat, "cem").await;
    node.say("ana", chat, "without cem").await;
    ben.until(|frame| frame["message"]["content"] == "without cem")
        .await;
    let told = cem.settled().await;
    assert!(
        told.iter().all(|frame| frame["type"] == "membership"),
        "{told:?}"
    );
    for request in [
        json!({"type": "send", "chatId": chat, "content": "x"}),
        json!({"type": "typing", "chatId": chat}),
        json!({"type": "read", "chatId": chat, "lastReadMessageId": "1"}),
        json!({"type": "events", "chatId": chat, "after": 0}),
    ] {
        let answer = cem.ask(request).await;
        assert_eq!(answer["error"]["code"], "notFound", "{answer}");
    }
}

#[tokio::test]
async fn edits_deletions_and_reactions_reach_the_others() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    let (mut ana, mut ben) = (node.session("ana").await, node.session("ben").await);
    let message = ana.send(chat, "one").await["message"]["id"].clone();
    for (request, event) in [
        (json!({"type": "edit", "content": "two"}), "messageEdited"),
        (json!({"type": "react", "key": "👍"}), "reaction"),
        (json!({"type": "unreact", "key": "👍"}), "reaction"),
        (json!({"type": "delete"}), "messageDeleted"),
    ] {
        let mut request = request;
        request["chatId"] = json!(chat);
        request["messageId"] = message.clone();
        let ack = ana.ask(request).await;
        assert_eq!(ack["type"], "ack", "{ack}");
        assert_eq!(ben.until_type(event).await["seq"], ack["seq"]);
    }
}

#[tokio::test]
async fn sync_history_and_events_are_answered_over_the_socket() {
    let node = Node::start().await;
    let chat = node.direct("ana", "ben").await;
    node.say("ben", chat, "one").await;
    let mut ana = node.session("ana").await;
    let sync = ana
        .ask(json!({"type": "sync", "since": null, "chats": {}}))
        .await;
    assert_eq!(sync["chats"][0]["id"], json!(chat));
    assert_eq!(sync["chats"][0]["unread"], 1);
    let history = ana.ask(json!({"type": "history", "chatId": chat})).await;
    assert_eq!(history["type"], "messages");
    assert_eq!(history["messages"][0]["content"], "one");
    let events = ana
        .ask(json!({"type": "events", "chatId": chat, "after": 0}))
        .await;
    assert_eq!(events["type"], "events", "{events}");
}
