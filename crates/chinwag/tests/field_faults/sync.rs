//! Rows 1 and 2: positions move over gap-free prefixes alone, and a request takes one place however often it comes.

use std::sync::Arc;

use chinwag_client::ClientEvent;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::{heard_before, people, say, without_rates};
use crate::{
    fixture::{PATIENCE, Socket},
    proxy::{Pass, Proxy, Toward},
    rest::Rest,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_live_message_before_the_catch_up_moves_the_position_over_nothing() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let proxy = Proxy::start(running.server.local_addr().unwrap(), None).await;
    let mut anas = ana.device_at(&proxy.url()).await;
    let mut bens = ben.socket().await;
    say(&mut bens, chat, "m1").await;
    anas.until_said("m1").await;

    // The network goes; what comes back of a catch-up is held.
    let live = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&live);
    proxy.rule(move |toward, frame| {
        if toward == Toward::Client && frame["message"]["content"] == "m21" {
            *seen.lock() = true;
        }
        let catches_up = frame["type"] == "sync" || frame["type"] == "events";
        if toward == Toward::Client && catches_up {
            Pass::Hold
        } else {
            Pass::On
        }
    });
    proxy.cut_all();
    anas.until(|event| matches!(event, ClientEvent::Offline))
        .await;
    for number in 2..=20 {
        say(&mut bens, chat, &format!("m{number}")).await;
    }
    proxy.until_held().await;
    say(&mut bens, chat, "m21").await;
    let came = async {
        while !*live.lock() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, came)
        .await
        .expect("m21 comes live");
    proxy.rule(|_, _| Pass::On);
    proxy.release();
    anas.until_said("m21").await;
    let wanted: Vec<String> = (1..=21).map(|number| format!("m{number}")).collect();
    assert_eq!(anas.shown(chat), wanted, "each once, in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_after_a_position_returns_what_follows_though_later_ones_were_pushed() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let mut bens = ben.socket().await;
    let first = say(&mut bens, chat, "m1").await;
    for number in 2..=20 {
        say(&mut bens, chat, &format!("m{number}")).await;
    }
    let mut anas = ana.socket().await;
    let last = say(&mut bens, chat, "m21").await;
    heard_before(&mut anas, "m21").await;
    let delivered = json!({"type": "delivered", "chatId": chat, "deliveredMessageId": last["id"]});
    assert_eq!(anas.ask(delivered).await["type"], "ok");
    let held = json!({chat.to_string(): {"epoch": 1, "seq": first["seq"]}});
    let answer = anas
        .ask(json!({"type": "sync", "since": null, "chats": held}))
        .await;
    let events = answer["chats"][0]["events"].as_array().unwrap();
    let texts: Vec<_> = events
        .iter()
        .map(|event| event["message"]["content"].clone())
        .collect();
    let wanted: Vec<Value> = (2..=21).map(|number| json!(format!("m{number}"))).collect();
    assert_eq!(texts, wanted);
}

/// Sends over HTTP; answers status and id.
async fn post(rest: &Rest, chat: &Value, client_id: &str) -> (u16, Value) {
    let body = json!({"chatId": chat, "clientId": client_id, "content": client_id});
    let reply = rest.post("/messages", body).await;
    (reply.status, reply.body["id"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sends_in_flight_and_any_repetition_of_either_are_two_messages() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = json!(ana.direct(&ben).await);
    let mut bens = ben.socket().await;
    let send = |client_id: &str| json!({"type": "send", "id": 9, "chatId": chat, "clientId": client_id, "content": client_id});
    let mut socket = ana.socket().await;
    socket.say(send("x")).await;
    socket.say(send("y")).await;
    // Nobody hears the answers; what reached the server is stored.
    heard_before(&mut bens, "y").await;
    drop(socket);
    let mut again = ana.socket().await;
    let mut ids = Vec::new();
    for client_id in ["x", "y", "x"] {
        let ack = again.ask(send(client_id)).await;
        ids.push(ack["message"]["id"].clone());
    }
    assert_eq!(ids[0], ids[2]);
    let rest = Rest::new(&running.url(), &ana.token);
    assert_eq!(post(&rest, &chat, "x").await, (200, ids[0].clone()));
    drop((again, bens));
    let running = running.restart().await;
    let rest = Rest::new(&running.url(), &ana.token);
    for (client_id, id) in [("x", &ids[0]), ("y", &ids[1])] {
        assert_eq!(post(&rest, &chat, client_id).await, (200, id.clone()));
    }
    // The same name from another user, or in another chat, is another message.
    let bens = Rest::new(&running.url(), &ben.token);
    assert_eq!(post(&bens, &chat, "x").await.0, 201);
    let group = rest
        .post("/chats", json!({"type": "group", "name": "tea"}))
        .await;
    assert_eq!(post(&rest, &group.body["id"], "x").await.0, 201);
    let path = format!("/messages?chatId={}", chat.as_str().unwrap());
    let page = bens.get(&path).await.body;
    let shown: Vec<_> = page["messages"].as_array().unwrap().iter().rev().collect();
    let texts: Vec<_> = shown.iter().map(|message| &message["content"]).collect();
    assert_eq!(texts, ["x", "y", "x"], "two of ana's and one of ben's");
    assert_eq!([&shown[0]["id"], &shown[1]["id"]], [&ids[0], &ids[1]]);
    let mut socket = Socket::open(&running.url())
        .await
        .authenticated(&ben.token)
        .await;
    let sync = socket.ask(json!({"type": "sync", "since": null})).await;
    assert_eq!(sync["chats"][0]["unread"], 2, "{sync}");
}
