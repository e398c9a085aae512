//! What broke in chat systems, as cases that several nodes and their engines must stand.
//!
//! | row | what broke | tests |
//! | --- | --- | --- |
//! | 2 | a retry was stored twice | [`retries`] |
//! | 7 | presence wasn't renewed, or never ended | [`presence`] |
//! | 11 | special characters broke the query | [`search`] |
//! | 12 | who was removed kept receiving | [`membership`] |
//! | 17 | a huge room stalled the server | [`huge_room`] |
//! | 18 | all came back at once | [`storm`], the clients' `backoff.rs` and `storm.test.ts` |
//! | 19 | a Redis that restarted lost subscriptions | `faults/redis.rs`, `chinwag-backends/tests/redis/bus_faults.rs` |
//! | 20 | a write whose answer was late was taken for failed | [`withheld`] |
//! | 21 | a proxy closed idle sockets | `balanced.rs` |

mod huge_room;
mod membership;
mod presence;
mod retries;
mod search;
mod storm;
mod withheld;

use std::time::Duration;

use chinwag_proto::ChatId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::place::{Person, Served};

/// Makes the frame that sends a text, under a name of the text's own.
fn sending(chat: ChatId, text: &str) -> Value {
    let request = text.replace(' ', "-");
    json!({"type": "send", "chatId": chat, "clientId": request, "content": text})
}

/// Sends over HTTP until the answer isn't "try again"; returns whether the message is new, and its id.
async fn post(node: &Served, sender: &Person, chat: ChatId, request: &str) -> (bool, Value) {
    let sender = sender.at(node);
    loop {
        let (status, answer) = sender.post(chat, request, request).await.unwrap();
        if answer["retryable"] == true {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        }
        assert!(status.is_success(), "{answer}");
        return (status == StatusCode::CREATED, answer["id"].clone());
    }
}
