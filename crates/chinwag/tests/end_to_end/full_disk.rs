//! A server on a disk without room: it starts, it reads, it says why nothing is stored, and it comes back.

use serde_json::json;

use crate::fixture::{Running, Socket};

/// More than any disk has free.
const NO_ROOM: (&str, &str) = ("storage.min_free", "1000000GiB");

#[tokio::test(flavor = "multi_thread")]
async fn a_server_starts_on_a_full_disk_reads_and_refuses_to_store() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.direct(&ben).await;
    let mut socket = ana.socket().await;
    let send = json!({"type": "send", "id": 2, "chatId": chat, "clientId": "c1", "content": "hi"});
    socket.say(send.clone()).await;
    let stored = socket.hear_of("ack").await["message"]["id"].clone();

    drop(socket);
    let running = running.restart_with(&[NO_ROOM]).await;
    let mut socket = Socket::open(&running.url())
        .await
        .authenticated(&ana.token)
        .await;
    socket
        .say(json!({"type": "history", "id": 1, "chatId": chat}))
        .await;
    let page = socket.hear_of("messages").await;
    assert_eq!(page["messages"][0]["id"], stored);
    let more = json!({"type": "send", "id": 3, "chatId": chat, "clientId": "c2", "content": "ho"});
    socket.say(more.clone()).await;
    let refused = socket.hear_of("error").await;
    assert_eq!(refused["error"]["code"], "storageFull");
    assert_eq!(refused["error"]["retryable"], true);
    socket.say(send).await;
    let repeated = socket.hear_of("ack").await;
    assert_eq!(
        repeated["message"]["id"], stored,
        "what was stored is answered"
    );

    drop(socket);
    let running = running.restart_with(&[]).await;
    let mut socket = Socket::open(&running.url())
        .await
        .authenticated(&ana.token)
        .await;
    socket.say(more).await;
    assert_eq!(socket.hear_of("ack").await["message"]["content"], "ho");
}
