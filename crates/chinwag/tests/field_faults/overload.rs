//! Row 15: who doesn't read is dropped, nobody else feels it, and nothing is lost for good.

use chinwag_proto::CloseCode;
use serde_json::json;

use super::{heard_before, people, say, without_rates};
use crate::fixture::Socket;

/// A text that fills kernel buffers soon.
const LONG: usize = 15_000;
/// Above all buffers of the kernel on both sides and the server's own megabyte, bytes.
const MUCH: usize = 48 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_read_is_dropped_others_hear_all_and_the_dropped_one_catches_up() {
    let running = without_rates().await;
    let [ana, ben, slow] = people(&running, ["ana", "ben", "slow"]).await;
    let chat = ben.group(&[&ana, &slow]).await;
    let (mut anas, mut bens) = (ana.socket().await, ben.socket().await);
    let mut deaf = slow.socket().await;
    let held = deaf.ask(json!({"type": "sync", "since": null})).await;
    let token = held["token"].clone();
    let from = held["chats"][0]["head"]["seq"].as_u64().unwrap();
    let counts = running.server.gateway().counts();
    let mut sent = 0;
    while counts.slow.load(std::sync::atomic::Ordering::Relaxed) == 0 {
        let text = format!("{sent} {}", "x".repeat(LONG));
        say(&mut bens, chat, &text).await;
        heard_before(&mut anas, &text).await;
        sent += 1;
        assert!(
            sent * LONG < MUCH,
            "{} MB wait for who doesn't read",
            (sent * LONG) >> 20
        );
    }
    // Later clients are unaffected.
    let mut later = ana.socket().await;
    say(&mut bens, chat, "and on").await;
    heard_before(&mut later, "and on").await;
    assert_eq!(deaf.closed().await, Some(CloseCode::SlowConsumer.code()));
    let again = slow.socket().await;
    catch_up(again, chat, from, sent + 1, &token).await;
}

/// Fetches everything after a place, each message once and in order.
async fn catch_up(
    mut socket: Socket,
    chat: chinwag_proto::ChatId,
    from: u64,
    wanted: usize,
    token: &serde_json::Value,
) {
    let held = json!({chat.to_string(): {"epoch": 1, "seq": from}});
    let sync = socket
        .ask(json!({"type": "sync", "since": token, "chats": held}))
        .await;
    assert_eq!(
        sync["chats"][0]["unread"], wanted,
        "the summary tells how much"
    );
    let mut after = from;
    let mut heard = 0;
    loop {
        let events = json!({"type": "events", "chatId": chat, "after": after, "limit": 200});
        let page = socket.ask(events).await;
        for event in page["events"].as_array().unwrap() {
            assert_eq!(event["seq"], after + 1);
            after += 1;
            heard += usize::from(event["type"] == "message");
        }
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!(heard, wanted);
}
