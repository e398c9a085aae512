//! Who may hold a session, and who is seen online.

use chinwag_client::ClientEvent;
use chinwag_proto::{CloseCode, shapes::PresenceStatus};
use serde_json::json;

use crate::fixture::{Running, Socket, user};

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_before_auth_is_refused_and_the_connection_closes() {
    let running = Running::start().await;
    let mut socket = Socket::open(&running.url()).await;
    socket.say(json!({"type": "heartbeat"})).await;
    assert_eq!(socket.hear().await["error"]["code"], "unauthorized");
    assert_eq!(socket.closed().await, Some(CloseCode::BadToken.code()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_closes_for_good() {
    let running = Running::start().await;
    for token in [
        "",
        "x.y.z",
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbmEiLCJleHAiOjk5OTk5OTk5OTl9.",
    ] {
        let mut socket = Socket::open(&running.url()).await;
        socket
            .say(json!({"type": "auth", "id": 1, "token": token}))
            .await;
        assert_eq!(socket.closed().await, Some(CloseCode::BadToken.code()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_and_revoking_close_every_session() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let (mut anas, mut bens) = (ana.socket().await, ben.socket().await);
    let accounts = running.server.node().user_accounts();
    accounts.set_disabled(&user("ana"), true).await.unwrap();
    assert_eq!(anas.closed().await, Some(CloseCode::Revoked.code()));
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    accounts.revoke(&user("ben")).await.unwrap();
    assert_eq!(bens.closed().await, Some(CloseCode::Revoked.code()));
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_goes_to_those_who_watch_and_share_a_chat() {
    let running = Running::start().await;
    let (ana, ben, cem) = (
        running.person("ana").await,
        running.person("ben").await,
        running.person("cem").await,
    );
    ana.direct(&ben).await;
    let mut anas = ana.device().await;
    let told = anas
        .client
        .watch(vec![ben.id.clone(), cem.id.clone()], Vec::new())
        .await
        .unwrap();
    assert_eq!(told.len(), 1, "nobody is told of a stranger");
    assert_eq!(told[0].status, PresenceStatus::Offline);
    let bens = ben.device().await;
    let is = |status| move |event: &ClientEvent| matches!(event, ClientEvent::Presence(p) if p.status == status);
    anas.until(is(PresenceStatus::Online)).await;
    bens.client.close().await;
    anas.until(is(PresenceStatus::Offline)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_member_hears_nothing_more_and_meets_no_chat() {
    let running = Running::start().await;
    let (ana, ben) = (running.person("ana").await, running.person("ben").await);
    let chat = ana.group(&[&ben]).await;
    let (anas, mut bens) = (ana.device().await, ben.socket().await);
    anas.client.send(chat, "before").await.unwrap();
    ana.http.remove_member(chat, &ben.id).await.unwrap();
    anas.client.send(chat, "after").await.unwrap();
    bens.say(json!({"type": "send", "id": 9, "chatId": chat, "content": "x"}))
        .await;
    let mut heard = Vec::new();
    let error = loop {
        let frame = bens.hear().await;
        if frame["type"] == "error" {
            break frame;
        }
        heard.push(frame.to_string());
    };
    assert_eq!(error["error"]["code"], "notFound");
    assert!(heard.iter().any(|frame| frame.contains("before")));
    assert!(!heard.iter().any(|frame| frame.contains("after")));
    assert!(ben.http.chat(chat).await.is_err());
    assert!(ben.http.chats(None).await.unwrap().chats.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_frames_than_the_rate_allows_close_the_session() {
    let running = Running::start().await;
    let ana = running.person("ana").await;
    let mut socket = ana.socket().await;
    for id in 0..130 {
        socket
            .say(json!({"type": "sync", "id": id, "since": null}))
            .await;
    }
    assert_eq!(socket.closed().await, Some(CloseCode::TooManyFrames.code()));

    // Nor does a new connection before the time is over, whoever else may come.
    let mut again = Socket::open(&running.url()).await;
    again
        .say(json!({"type": "auth", "id": 1, "token": ana.token}))
        .await;
    let refused = again.next().await.unwrap();
    assert_eq!(refused["error"]["code"], "rateLimited", "{refused}");
    assert!(refused["error"]["retryAfterMs"].as_u64().unwrap() <= 10_000);
    assert_eq!(again.closed().await, Some(CloseCode::TooManyFrames.code()));
    let mut ben = running.person("ben").await.socket().await;
    let alive = ben.ask(json!({"type": "heartbeat"})).await;
    assert_eq!(alive["type"], "heartbeat");
}

#[tokio::test]
async fn watching_many_counts_as_many_frames() {
    let running = Running::start().await;
    let mut socket = running.person("ana").await.socket().await;
    let many: Vec<String> = (0..1_000).map(|number| format!("u{number}")).collect();
    for id in 0..3 {
        socket
            .say(json!({"type": "watchPresence", "id": id, "add": many}))
            .await;
    }
    assert_eq!(socket.closed().await, Some(CloseCode::TooManyFrames.code()));
}
