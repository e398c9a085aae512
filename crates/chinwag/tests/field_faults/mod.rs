//! What broke in chat systems, as cases that ours must stand, through the front door of one server.
//!
//! | row | what broke | tests |
//! | --- | --- | --- |
//! | 1 | a position jumped over missed messages | [`sync`] |
//! | 2 | a retry was stored twice | [`sync`] |
//! | 3 | paging by time dropped equal times | [`order`], `end_to_end/page_edges.rs` |
//! | 4 | 64-bit ids were rounded in JavaScript | [`order`] |
//! | 5 | own messages were counted as unread | [`marks`] |
//! | 6 | read marks moved backwards | [`marks`] |
//! | 7 | presence wasn't renewed, or never ended | [`presence`] |
//! | 8 | typing never ended | [`typing`] |
//! | 9 | lengths were counted in different units | [`content`] |
//! | 10 | Chinese, Japanese and Korean weren't found | [`search`] |
//! | 11 | special characters broke the query | [`search`] |
//! | 12 | who was removed kept receiving | [`membership`] |
//! | 13 | a token expired on an open socket | [`credentials`] |
//! | 15 | a slow consumer made others deaf | [`overload`] |
//! | 16 | file descriptors ran out | [`descriptors`] |
//! | 17 | a huge room stalled the server | [`huge_room`] |
//! | 21 | a proxy closed idle sockets | [`presence`] |
//! | 22 | origins were misjudged | [`addresses`], `chinwag-server/tests/api/origins.rs` |
//! | 23 | seconds were taken for milliseconds | `chinwag-server/tests/api/times.rs` |
//! | 24 | ids with a slash got lost | [`addresses`], `chinwag-server/tests/api/addresses.rs` |
//! | 25 | names differed by case or look-alikes | [`addresses`], `chinwag-server/tests/api/usernames.rs` |
//!
//! Rows 14 and 18 to 20 need push, a browser's client or other engines; rows 2, 7, 11, 12 and 17 to 21 are tried across
//! nodes too, in `tests/cluster/field_faults`.

mod addresses;
mod content;
mod credentials;
mod descriptors;
mod huge_room;
mod marks;
mod membership;
mod order;
mod overload;
mod presence;
mod search;
mod signs;
mod sync;
mod typing;

use serde_json::{Value, json};

use crate::fixture::{Person, Running, Socket};

/// Starts a server without rates.
async fn without_rates() -> Running {
    Running::start_with(&[("limits.rates", "off"), ("storage.min_free", "0")]).await
}

/// Waits for a message with a text, and returns every frame before it.
async fn heard_before(socket: &mut Socket, text: &str) -> Vec<Value> {
    let mut heard = Vec::new();
    loop {
        let frame = socket.hear().await;
        if frame["message"]["content"] == text {
            return heard;
        }
        heard.push(frame);
    }
}

/// Sends a text on a socket and returns the message.
async fn say(socket: &mut Socket, chat: chinwag_proto::ChatId, text: &str) -> Value {
    let send = json!({"type": "send", "chatId": chat, "content": text});
    let ack = socket.ask(send).await;
    assert_eq!(ack["type"], "ack", "{ack}");
    ack["message"].clone()
}

/// Makes accounts.
async fn people<const N: usize>(running: &Running, names: [&str; N]) -> [Person; N] {
    let mut made = Vec::new();
    for name in names {
        made.push(running.person(name).await);
    }
    made.try_into()
        .unwrap_or_else(|_| unreachable!("one a name"))
}
