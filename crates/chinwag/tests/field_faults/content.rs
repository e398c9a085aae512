//! Row 9: one unit of length, told, and texts that come back byte for byte.

use serde_json::json;

use super::{heard_before, people, without_rates};
use crate::{fixture::PATIENCE, rest::Rest};

/// The limit, bytes of UTF-8.
const LIMIT: usize = 16 * 1_024;
const FAMILY: &str = "👨‍👩‍👧‍👦";

/// Texts of exactly the limit, in all sorts of characters, each with a word of its own to be found by.
fn full_texts() -> Vec<String> {
    let mut number = 0;
    let mut filled = |unit: &str| {
        number += 1;
        let word = format!(" needle{number:02}");
        let room = LIMIT - word.len();
        let text = unit.repeat(room / unit.len());
        let rest = "x".repeat(room - text.len());
        text + &rest + &word
    };
    vec![
        filled("a"),
        filled("😀"),
        filled("e\u{301}"),
        filled(FAMILY),
        filled("שלום \u{200f}hello\u{200e} مرحبا "),
        filled("a\u{200d}b\u{200c}"),
        filled("字"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_is_measured_in_bytes_and_comes_back_as_it_was_sent() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let (mut anas, mut bens) = (ana.socket().await, ben.socket().await);
    let rest = Rest::new(&running.url(), &ben.token);
    for text in full_texts() {
        let word = text.split(' ').next_back().unwrap();
        assert_eq!(text.len(), LIMIT);
        let send = json!({"type": "send", "chatId": chat, "content": text});
        let ack = anas.ask(send).await;
        assert_eq!(ack["message"]["content"], text);
        let id = ack["message"]["id"].as_str().unwrap().to_owned();
        heard_before(&mut bens, &text).await;
        let history = bens
            .ask(json!({"type": "history", "chatId": chat, "limit": 1}))
            .await;
        assert_eq!(history["messages"][0]["content"], text);
        let seq = ack["seq"].as_u64().unwrap();
        let held = json!({chat.to_string(): {"epoch": 1, "seq": seq - 1}});
        let sync = bens
            .ask(json!({"type": "sync", "since": null, "chats": held}))
            .await;
        assert_eq!(sync["chats"][0]["events"][0]["message"]["content"], text);
        assert_eq!(
            rest.get(&format!("/messages/{id}")).await.body["content"],
            text
        );
        let found = async {
            loop {
                let answer = rest.get(&format!("/search?q={word}")).await.body;
                if answer["total"] == 1 {
                    return answer["hits"][0]["message"]["content"].clone();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        assert_eq!(found.expect("the index follows"), text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_a_byte_too_long_is_refused_with_limit_and_unit_and_never_dropped() {
    let running = without_rates().await;
    let [ana, ben] = people(&running, ["ana", "ben"]).await;
    let chat = ana.direct(&ben).await;
    let mut socket = ana.socket().await;
    let rest = Rest::new(&running.url(), &ana.token);
    let mut texts = vec!["x".repeat(LIMIT - 1) + FAMILY];
    texts.extend(full_texts().into_iter().map(|text| text + "x"));
    for text in texts {
        let send = json!({"type": "send", "chatId": chat, "content": text});
        let over_socket = socket.ask(send).await["error"].clone();
        let over_http = rest
            .post("/messages", json!({"chatId": chat, "content": text}))
            .await;
        assert!((400..500).contains(&over_http.status), "{over_http:?}");
        for problem in [over_socket, over_http.body] {
            assert_eq!(problem["code"], "tooLarge", "{problem}");
            let detail = problem["detail"].as_str().unwrap();
            assert!(
                detail.contains("16384") && detail.contains("bytes"),
                "{detail}"
            );
        }
    }
    let page = rest.get(&format!("/messages?chatId={chat}")).await.body;
    assert_eq!(page["messages"], json!([]));
}
