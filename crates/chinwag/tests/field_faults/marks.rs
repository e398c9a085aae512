//! Rows 5 and 6: own messages never count, and a mark moves back only where somebody says so.

use serde_json::{Value, json};

use super::{heard_before, people, say, without_rates};
use crate::{
    fixture::{Person, Running, Socket},
    rest::Rest,
};

async fn unread(running: &Running, person: &Person, chat: &Value) -> [Value; 3] {
    let rest = Rest::new(&running.url(), &person.token);
    let one = rest
        .get(&format!("/chats/{}", chat.as_str().unwrap()))
        .await
        .body;
    let list = rest.get("/chats").await.body;
    let mut socket = person.socket().await;
    let sync = socket.ask(json!({"type": "sync", "since": null})).await;
    [
        one["unread"].clone(),
        list["chats"][0]["unread"].clone(),
        sync["chats"][0]["unread"].clone(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn own_messages_are_unread_on_none_of_the_own_devices() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let (mut phone, mut laptop) = (ana.socket().await, ana.socket().await);
    for number in 0..3 {
        say(&mut phone, chat, &format!("a{number}")).await;
    }
    let chat_text = json!(chat);
    assert_eq!(unread(&running, &ben, &chat_text).await, [3, 3, 3]);
    let mut bens = ben.socket().await;
    for number in 0..2 {
        say(&mut bens, chat, &format!("b{number}")).await;
    }
    heard_before(&mut laptop, "b1").await;
    assert_eq!(unread(&running, &ana, &chat_text).await, [2, 2, 2]);
    drop(laptop);
    let mut laptop = ana.socket().await;
    let sync = laptop.ask(json!({"type": "sync", "since": null})).await;
    assert_eq!(sync["chats"][0]["unread"], 2, "after a reconnect");
}

/// A chat of a hundred messages of ben's.
async fn hundred(ana: &Person, ben: &Person) -> (chinwag_proto::ChatId, Vec<Value>) {
    let chat = ana.direct(ben).await;
    let mut bens = ben.socket().await;
    let mut ids = Vec::new();
    for number in 0..100 {
        let message = say(&mut bens, chat, &format!("m{number}")).await;
        ids.push(message["id"].clone());
    }
    (chat, ids)
}

fn read(chat: chinwag_proto::ChatId, id: &Value) -> Value {
    json!({"type": "read", "chatId": chat, "lastReadMessageId": id})
}

async fn standing(running: &Running, ana: &Person, chat: chinwag_proto::ChatId) -> (Value, Value) {
    let rest = Rest::new(&running.url(), &ana.token);
    let chat = rest.get(&format!("/chats/{chat}")).await.body;
    (chat["marks"]["read"].clone(), chat["unread"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn late_and_disordered_marks_move_none_back() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let (chat, ids) = hundred(&ana, &ben).await;
    let (mut phone, mut laptop) = (ana.socket().await, ana.socket().await);
    let mut bens = ben.socket().await;
    assert_eq!(phone.ask(read(chat, &ids[99])).await["type"], "ok");
    assert_eq!(laptop.ask(read(chat, &ids[40])).await["type"], "ok");
    let rest = Rest::new(&running.url(), &ana.token);
    let path = format!("/chats/{chat}/read");
    let marks = (0..50).map(|number| {
        let (rest, path, id) = (rest.clone(), path.clone(), ids[number * 37 % 100].clone());
        async move {
            let body = json!({"lastReadMessageId": id});
            rest.call(reqwest::Method::PUT, &path, Some(body))
                .await
                .unwrap()
                .status
        }
    });
    let statuses = futures_util::future::join_all(marks).await;
    assert!(statuses.iter().all(|status| *status == 204), "{statuses:?}");
    assert_eq!(
        standing(&running, &ana, chat).await,
        (ids[99].clone(), json!(0))
    );
    say(&mut phone, chat, "done").await;
    let told = heard_before(&mut bens, "done").await;
    let told: Vec<_> = told
        .iter()
        .filter(|frame| frame["type"] == "receipt")
        .collect();
    assert!(!told.is_empty());
    for receipt in told {
        assert_eq!(receipt["lastReadMessageId"], ids[99], "{receipt}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_of_one_session_at_once_end_at_the_highest() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let (chat, ids) = hundred(&ana, &ben).await;
    let mut socket: Socket = ana.socket().await;
    // The highest in the middle, lower ones right behind it.
    let order = (0..50)
        .map(|number| number * 37 % 99)
        .chain([99])
        .chain(0..30);
    let mut asked = 0;
    for (number, place) in order.enumerate() {
        let mut frame = read(chat, &ids[place]);
        frame["id"] = json!(number);
        socket.say(frame).await;
        asked += 1;
    }
    for _ in 0..asked {
        socket.hear_of("ok").await;
    }
    assert_eq!(
        standing(&running, &ana, chat).await,
        (ids[99].clone(), json!(0))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_goes_back_where_unread_says_so_and_only_then() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let (chat, ids) = hundred(&ana, &ben).await;
    let mut socket = ana.socket().await;
    socket.ask(read(chat, &ids[99])).await;
    let mut back = read(chat, &ids[40]);
    back["unread"] = json!(true);
    assert_eq!(socket.ask(back).await["type"], "ok");
    assert_eq!(
        standing(&running, &ana, chat).await,
        (ids[40].clone(), json!(59))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_on_what_is_no_message_of_the_chat_changes_nothing() {
    let running = without_rates().await;
    let [ana, ben, cem] = people(&running, ["ana", "ben", "cem"]).await;
    let (chat, ids) = hundred(&ana, &ben).await;
    let other = ana.direct(&cem).await;
    let elsewhere = say(&mut cem.socket().await, other, "elsewhere").await;
    let rest = Rest::new(&running.url(), &ana.token);
    let mut socket = ana.socket().await;
    socket.ask(read(chat, &ids[50])).await;
    let known: u64 = ids[99].as_str().unwrap().parse().unwrap();
    for wrong in [
        elsewhere["id"].clone(),
        json!((known + 1).to_string()),
        json!("9223372036854775807"),
        json!("18446744073709551615"),
        json!("0"),
        json!("-1"),
        json!("x"),
    ] {
        for path in ["read", "delivered"] {
            let field = if path == "read" {
                "lastReadMessageId"
            } else {
                "deliveredMessageId"
            };
            let body = json!({field: wrong});
            let path = format!("/chats/{chat}/{path}");
            let reply = rest
                .call(reqwest::Method::PUT, &path, Some(body))
                .await
                .unwrap();
            assert!(
                (400..500).contains(&reply.status),
                "{path} {wrong}: {reply:?}"
            );
        }
        let answer = socket.ask(read(chat, &wrong)).await;
        assert_eq!(answer["type"], "error", "{wrong}: {answer}");
    }
    assert_eq!(
        standing(&running, &ana, chat).await,
        (ids[50].clone(), json!(49))
    );
}
