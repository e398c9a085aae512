//! Chats above `direct_max_members`: through the queue and a topic.

use std::{sync::Arc, time::Duration};

use chinwag_conformance::{Call, Fault, Faults, Moment};
use chinwag_core::{SystemClock, memory::Memory, owner::Command, ports::EngineError};
use chinwag_proto::{ChatId, shapes::HistoryVisible};
use chinwag_server::running::Running;
use serde_json::{Value, json};

use crate::{
    client::{Client, PATIENCE},
    node::{Node, token, user},
};

/// Places that the gateway reads for a member whom it comes to know late.
const READ_FOR_LATE: usize = 256;

/// A chat that is large from five members on.
async fn large(visible: HistoryVisible) -> (Node, ChatId) {
    let node = Node::with(&[("direct_max_members", "4")]).await;
    let chat = node
        .group(&["ana", "ben", "cem", "dan", "eva"], visible)
        .await;
    (node, chat)
}

/// A chat that is delivered only as a large one, on a node whose directory meets faults.
async fn large_alone(
    faults: &Faults,
    ids: &[&str],
    visible: HistoryVisible,
) -> (Node<Running>, ChatId) {
    let memory = Memory::new(Arc::new(SystemClock::default()));
    let settings = [("direct_max_members", "4")];
    let first = Node::over_flaky(&memory, faults, &settings).await;
    let chat = first.group(ids, visible).await;
    // The first one delivered it as a small one, too, for a while.
    first.server.leave(PATIENCE).await;
    let node = Node::over_flaky(&memory, faults, &settings).await;
    (node, chat)
}

/// A chat that is delivered only as a large one and known here, since Ben listens; and Fay's session, who is in no chat
/// yet.
async fn before_fay_joins(faults: &Faults) -> (Node<Running>, ChatId, Client, Client) {
    let ids = ["ana", "ben", "cem", "dan", "eva"];
    let (node, chat) = large_alone(faults, &ids, HistoryVisible::All).await;
    node.users(&["fay"]).await;
    let ben = node.session("ben").await;
    let mut fay = node.session("fay").await;
    assert_eq!(fay.ask(sync()).await["chats"], json!([]));
    (node, chat, ben, fay)
}

fn sync() -> Value {
    json!({"type": "sync", "since": null})
}

/// Receives until a message with a content has come; checks that the places are gap-free and come once.
async fn places_until(client: &mut Client, content: &str) -> Vec<Value> {
    let mut frames: Vec<Value> = Vec::new();
    loop {
        let frame = client.next().await;
        let Some(seq) = frame["seq"].as_u64() else {
            continue;
        };
        if let Some(last) = frames.last() {
            assert_eq!(seq, last["seq"].as_u64().unwrap() + 1, "{frames:?} {frame}");
        }
        let is_last = frame["message"]["content"] == content;
        frames.push(frame);
        if is_last {
            return frames;
        }
    }
}

#[tokio::test]
async fn members_of_a_large_chat_get_every_place_once_and_in_order() {
    let (node, chat) = large(HistoryVisible::All).await;
    let mut sessions = Vec::new();
    for id in ["ana", "ben", "cem", "dan", "eva"] {
        sessions.push(node.session(id).await);
    }
    for number in 0..100 {
        let id = ["ana", "ben"][number % 2];
        node.say(id, chat, &number.to_string()).await;
    }
    for session in &mut sessions {
        let frames = places_until(session, "99").await;
        let messages = frames.iter().filter(|frame| frame["type"] == "message");
        assert_eq!(messages.count(), 100);
    }
}

#[tokio::test]
async fn a_member_who_joins_while_messages_flow_misses_nothing_from_there_on() {
    for visible in [HistoryVisible::All, HistoryVisible::Joined] {
        let (node, chat) = large(visible).await;
        node.users(&["fay"]).await;
        let (mut ben, mut fay) = (node.session("ben").await, node.session("fay").await);
        for number in 0..150 {
            node.say("ana", chat, &number.to_string()).await;
            if number == 75 {
                node.add("ana", chat, &[user("fay")]).await;
            }
        }
        places_until(&mut ben, "149").await;
        let frames = places_until(&mut fay, "149").await;
        assert_eq!(frames[0]["type"], "membership", "{}", frames[0]);
        assert_eq!(frames[1]["message"]["content"], "76");
    }
}

#[tokio::test]
async fn a_member_who_is_removed_while_messages_flow_gets_nothing_after_that_place() {
    let (node, chat) = large(HistoryVisible::All).await;
    let (mut ben, mut eva) = (node.session("ben").await, node.session("eva").await);
    for number in 0..150 {
        node.say("ana", chat, &number.to_string()).await;
        if number == 75 {
            node.remove("ana", chat, "eva").await;
        }
    }
    places_until(&mut ben, "149").await;
    let frames = places_until(&mut eva, "75").await;
    assert_eq!(frames.last().unwrap()["message"]["content"], "75");
    let rest = eva.settled().await;
    let [parting] = &rest[..] else {
        panic!("{rest:?}");
    };
    assert_eq!(parting["event"]["change"], "removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_leaves_and_comes_back_at_once_gets_every_place_after_that() {
    let (node, chat) = large(HistoryVisible::All).await;
    // One more, so that the chat stays large.
    node.users(&["fay"]).await;
    node.add("ana", chat, &[user("fay")]).await;
    let mut eva = node.session("eva").await;
    for round in 0..100 {
        for _ in 0..=round % 3 {
            node.remove("ana", chat, "eva").await;
            node.add("ana", chat, &[user("eva")]).await;
        }
        // What is on the way may or may not have come by then.
        for _ in 0..round % 7 {
            tokio::task::yield_now().await;
        }
        let last = format!("{round}");
        node.say("ana", chat, &last).await;
        loop {
            let frame = eva.next().await;
            if frame["message"]["content"] == last.as_str() {
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_1001st_member_changes_the_path_and_nobody_misses_or_doubles_a_place() {
    let node = Node::start().await;
    let ids: Vec<String> = (0..1_000).map(|number| format!("user{number}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let chat = node.group(&ids, HistoryVisible::All).await;
    node.users(&["last"]).await;
    let mut sessions = Vec::new();
    for id in ["user0", "user1", "user999", "last"] {
        sessions.push(node.session(id).await);
    }
    for number in 0..120 {
        node.say("user5", chat, &number.to_string()).await;
        if number == 40 {
            node.add("user0", chat, &[user("last")]).await;
        }
    }
    let mut last = sessions.pop().unwrap();
    for session in &mut sessions {
        let frames = places_until(session, "119").await;
        assert_eq!(frames[0]["message"]["content"], "0");
    }
    let frames = places_until(&mut last, "119").await;
    assert_eq!(frames[0]["type"], "membership");
    assert_eq!(
        frames.len(),
        1 + 1 + 79,
        "the joining, the path, the messages"
    );
}

#[tokio::test]
async fn a_chat_that_shrinks_goes_on_directly() {
    let (node, chat) = large(HistoryVisible::All).await;
    let mut ben = node.session("ben").await;
    node.say("ana", chat, "large").await;
    for id in ["cem", "dan"] {
        node.remove("ana", chat, id).await;
    }
    node.say("ana", chat, "small").await;
    node.users(&["fay"]).await;
    let mut fay = node.session("fay").await;
    node.add("ana", chat, &[user("fay")]).await;
    node.say("ana", chat, "with fay").await;
    places_until(&mut ben, "with fay").await;
    let frames = places_until(&mut fay, "with fay").await;
    assert_eq!(frames.len(), 2, "{frames:?}");
}

#[tokio::test]
async fn in_a_large_chat_too_who_may_not_see_the_target_gets_a_hidden_place() {
    let (node, chat) = large(HistoryVisible::Joined).await;
    let early = node.say("ana", chat, "early").await;
    node.users(&["fay"]).await;
    node.add("ana", chat, &[user("fay")]).await;
    let (mut ben, mut fay) = (node.session("ben").await, node.session("fay").await);
    let edit = Command::Edit {
        message: early,
        content: "secret".into(),
        client_id: None,
    };
    node.execute("ana", chat, edit).await;
    node.say("ana", chat, "late").await;
    ben.until_type("messageEdited").await;
    let frames = places_until(&mut fay, "late").await;
    assert_eq!(frames.first().unwrap()["type"], "hidden", "{frames:?}");
    assert!(!format!("{frames:?}").contains("secret"));
}

#[tokio::test]
async fn typing_in_a_large_chat_reaches_its_members_and_nobody_who_has_left() {
    let (node, chat) = large(HistoryVisible::All).await;
    let mut sessions = Vec::new();
    for id in ["ana", "ben", "eva"] {
        sessions.push(node.session(id).await);
    }
    node.remove("ana", chat, "eva").await;
    let mut eva = sessions.pop().unwrap();
    eva.until_type("membership").await;
    let mut ben = sessions.pop().unwrap();
    let mut ana = sessions.pop().unwrap();
    ana.say(&json!({"type": "typing", "chatId": chat})).await;
    assert_eq!(ben.until_type("typing").await["userId"], "ana");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(eva.settled().await.is_empty());
}

#[tokio::test]
async fn who_is_let_into_a_chat_by_a_later_session_misses_nothing_in_the_earlier_one() {
    let faults = Faults::none();
    let (node, chat, mut ben, mut earlier) = before_fay_joins(&faults).await;

    // The gateway looks Fay up in vain for as long as the directory keeps the answer.
    faults.hold(Call::LookUp, Moment::Before);
    node.add("ana", chat, &[user("fay")]).await;
    node.say("ana", chat, "before the later session").await;
    places_until(&mut ben, "before the later session").await;
    faults.until_held(1).await;
    let mut later = node.session("fay").await;
    node.say("ana", chat, "after the later session").await;
    places_until(&mut later, "after the later session").await;
    faults.release();

    let heard = earlier.before_message("after the later session").await;
    let is_told = |frame: &Value| {
        frame["type"] == "resync" || frame["message"]["content"] == "before the later session"
    };
    assert!(heard.iter().any(is_told), "{heard:?}");
    let sync = earlier.ask(sync()).await;
    assert_eq!(sync["chats"][0]["id"], json!(chat), "{sync}");
}

#[tokio::test]
async fn who_joined_long_ago_and_is_let_in_late_is_told_to_fetch() {
    let faults = Faults::none();
    let (node, chat, mut ben, mut fay) = before_fay_joins(&faults).await;

    // More is said while Fay is looked up than the gateway reads for somebody late.
    faults.hold(Call::LookUp, Moment::Before);
    node.add("ana", chat, &[user("fay")]).await;
    faults.until_held(1).await;
    for said in 0..READ_FOR_LATE {
        node.say("ana", chat, &format!("message {said}")).await;
    }
    node.say("ana", chat, "the last one").await;
    places_until(&mut ben, "the last one").await;
    faults.release();

    // Nothing else comes that would show her that she is behind.
    fay.until_type("resync").await;
    let sync = fay.ask(sync()).await;
    assert_eq!(sync["chats"][0]["id"], json!(chat), "{sync}");
}

#[tokio::test]
async fn who_left_while_a_later_session_began_hears_no_more_in_the_earlier_one() {
    let faults = Faults::none();
    let ids = ["ana", "ben", "cem", "dan", "eva", "fay"];
    let (node, chat) = large_alone(&faults, &ids, HistoryVisible::Joined).await;
    let mut ben = node.session("ben").await;
    let mut earlier = node.session("fay").await;

    // What the later session is told of Fay's chats is old when it comes, and the second look fails.
    faults.hold(Call::List, Moment::After);
    let address = node.address();
    let later = tokio::spawn(async move {
        let mut client = Client::connect(address).await;
        client
            .ask(json!({"type": "auth", "token": token("fay")}))
            .await
    });
    faults.until_held(1).await;
    node.remove("ana", chat, "fay").await;
    node.say("ana", chat, "once she had left").await;
    places_until(&mut ben, "once she had left").await;
    let problem = EngineError::Unavailable("not now".into());
    faults.inject(Call::List, Fault::Refuse(problem));
    faults.release();
    let refused = later.await.unwrap();
    assert_eq!(refused["error"]["code"], "unavailable", "{refused}");

    node.say("ana", chat, "after the later session").await;
    places_until(&mut ben, "after the later session").await;
    let heard = earlier.settled().await;
    let last = heard.last().map(|frame| &frame["event"]["change"]);
    assert_eq!(last, Some(&json!("removed")), "{heard:?}");
}
