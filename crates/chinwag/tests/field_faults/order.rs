//! Rows 3 and 4: one total order whatever shares a millisecond, and ids that a double-only reader doesn't round.

use serde_json::{Value, json};

use super::{people, say, without_rates};
use crate::{
    fixture::{Running, Socket},
    rest::Rest,
};

const AT_ONCE: usize = 50;

/// Reads all messages, in one direction.
async fn history(rest: &Rest, chat: &Value, forward: bool, limit: usize) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    loop {
        let cursor = match (messages.last(), forward) {
            (Some(last), true) => format!("&after={}", last["id"].as_str().unwrap()),
            (Some(last), false) => format!("&before={}", last["id"].as_str().unwrap()),
            (None, true) => "&after=2000-01-01T00:00:00Z".to_owned(),
            (None, false) => String::new(),
        };
        let chat = chat.as_str().unwrap();
        let page = rest
            .get(&format!("/messages?chatId={chat}&limit={limit}{cursor}"))
            .await;
        messages.extend(page.body["messages"].as_array().unwrap().iter().cloned());
        if page.body["hasMore"] == false {
            return messages;
        }
    }
}

fn ids(messages: &[Value]) -> Vec<String> {
    let ids = messages
        .iter()
        .map(|message| message["id"].as_str().unwrap());
    ids.map(str::to_owned).collect()
}

/// Hears so many messages live.
async fn live(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut heard = Vec::new();
    while heard.len() < count {
        heard.push(socket.hear_of("message").await["message"].clone());
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_millisecond_have_one_order_live_in_pages_and_after_a_restart() {
    let clock = chinwag_core::clock::ManualClock::at("2026-03-01T00:00:00Z".parse().unwrap());
    let running = Running::start_by(std::sync::Arc::new(clock), &[("limits.rates", "off")]).await;
    let [ana, ben, cem] = people(&running, ["ana", "ben", "cem"]).await;
    let chat = json!(ana.group(&[&ben, &cem]).await);
    let mut readers = [ben.socket().await, cem.socket().await];
    let rest = Rest::new(&running.url(), &ana.token);
    // Pairs: who got the answer to the first before sending the second has them in that order.
    let pairs = (0..AT_ONCE / 2).map(|pair| {
        let (rest, chat) = (rest.clone(), chat.clone());
        async move {
            let mut ids = Vec::new();
            for half in ["p", "q"] {
                let body = json!({"chatId": chat, "content": format!("{half}{pair}")});
                ids.push(rest.post("/messages", body).await.body["id"].clone());
            }
            ids
        }
    });
    let pairs = futures_util::future::join_all(pairs).await;
    let order = ids(&live(&mut readers[0], AT_ONCE).await);
    assert_eq!(ids(&live(&mut readers[1], AT_ONCE).await), order);
    for pair in &pairs {
        let place = |id: &Value| order.iter().position(|other| *id == **other).unwrap();
        assert!(place(&pair[0]) < place(&pair[1]));
    }
    drop(readers);
    hold_pages(&rest, &chat, &order).await;
    let running = running.restart().await;
    let rest = Rest::new(&running.url(), &ana.token);
    hold_pages(&rest, &chat, &order).await;
}

/// Holds that pages in both directions join to an order.
async fn hold_pages(rest: &Rest, chat: &Value, order: &[String]) {
    for limit in [1, 7, 49, 50, 51] {
        let forward = history(rest, chat, true, limit).await;
        assert_eq!(ids(&forward), order, "forward by {limit}");
        let mut backward = ids(&history(rest, chat, false, limit).await);
        backward.reverse();
        assert_eq!(backward, order, "backward by {limit}");
        let times: Vec<_> = forward
            .iter()
            .map(|message| &message["timestamp"])
            .collect();
        assert!(
            times.windows(2).all(|pair| pair[0] == pair[1]),
            "the clock stands"
        );
    }
}

/// Finds numbers that a reader of doubles would round, and ids that aren't texts.
fn rounded(path: &str, value: &Value, found: &mut Vec<String>) {
    const LARGEST_EXACT: u64 = 1 << 53;
    match value {
        Value::Number(number) => {
            let exact = number
                .as_u64()
                .is_some_and(|number| number <= LARGEST_EXACT)
                || number
                    .as_i64()
                    .is_some_and(|number| number.unsigned_abs() <= LARGEST_EXACT)
                || number.is_f64();
            if !exact {
                found.push(format!("{path} = {number}"));
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                rounded(&format!("{path}[{number}]"), item, found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let names_an_id =
                    name == "chatId" || name == "replyTo" || name.ends_with("MessageId");
                if names_an_id && !value.is_string() {
                    found.push(format!("{path}.{name} is no text"));
                }
                rounded(&format!("{path}.{name}"), value, found);
            }
        }
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_payload_holds_a_number_that_javascript_would_round() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.group(&[&ben]).await;
    let (mut socket, mut bens) = (ana.socket().await, ben.socket().await);
    let rest = Rest::new(&running.url(), &ana.token);
    let message = say(&mut socket, chat, "needle").await;
    let id = message["id"].as_str().unwrap().to_owned();
    assert!(
        id.parse::<u64>().unwrap() > 1 << 53,
        "ids lie beyond what doubles hold"
    );
    let mut payloads = Vec::new();
    for frame in [
        json!({"type": "send", "chatId": chat, "content": "more", "replyTo": id}),
        json!({"type": "edit", "chatId": chat, "messageId": id, "content": "needle 2"}),
        json!({"type": "react", "chatId": chat, "messageId": id, "key": "+"}),
        json!({"type": "unreact", "chatId": chat, "messageId": id, "key": "+"}),
        json!({"type": "sync", "since": null, "chats": {chat.to_string(): {"epoch": 1, "seq": 1}}}),
        json!({"type": "events", "chatId": chat, "after": 0}),
        json!({"type": "history", "chatId": chat}),
        json!({"type": "heartbeat", "chats": {chat.to_string(): {"epoch": 1, "seq": 1}}}),
        json!({"type": "watchPresence", "add": ["ben"]}),
    ] {
        payloads.push(socket.ask(frame).await);
    }
    for _ in 0..5 {
        payloads.push(bens.hear().await);
    }
    bens.ask(json!({"type": "read", "chatId": chat, "lastReadMessageId": id}))
        .await;
    payloads.push(socket.hear_of("receipt").await);
    for path in [
        "/chats".to_owned(),
        format!("/chats/{chat}"),
        format!("/chats/{chat}/members"),
        format!("/chats/{chat}/receipts"),
        format!("/chats/{chat}/events"),
        format!("/messages?chatId={chat}"),
        format!("/messages/{id}"),
        format!("/messages/{id}/versions"),
        "/sessions".to_owned(),
        "/search?q=needle".to_owned(),
        "/me".to_owned(),
    ] {
        let reply = rest.get(&path).await;
        assert_eq!(reply.status, 200, "{path}");
        payloads.push(reply.body);
    }
    let mut found = Vec::new();
    for payload in &payloads {
        rounded(
            payload["type"].as_str().unwrap_or("answer"),
            payload,
            &mut found,
        );
    }
    assert_eq!(found, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_as_a_bare_number_is_never_taken_for_its_neighbour() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let mut socket = ana.socket().await;
    let message = say(&mut socket, chat, "once").await;
    let id: u64 = message["id"].as_str().unwrap().parse().unwrap();
    for number in [json!(id), json!(id as f64)] {
        for frame in [
            json!({"type": "edit", "chatId": chat, "messageId": number, "content": "twice"}),
            json!({"type": "delete", "chatId": chat, "messageId": number}),
            json!({"type": "read", "chatId": chat, "lastReadMessageId": number}),
            json!({"type": "send", "chatId": chat, "content": "x", "replyTo": number}),
        ] {
            let answer = socket.ask(frame.clone()).await;
            assert_eq!(answer["error"]["status"], 400, "{frame}: {answer}");
        }
    }
    let rest = Rest::new(&running.url(), &ana.token);
    let now = rest.get(&format!("/messages/{id}")).await.body;
    assert_eq!(
        (&now["content"], &now["status"]),
        (&json!("once"), &json!("sent"))
    );
}
