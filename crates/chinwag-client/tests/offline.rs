//! What a client does while there is no connection.
#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use chinwag_client::{Client, ClientError, ClientEvent, Events, Options, TokenSource};
use chinwag_proto::{ChatId, UserId, frames::Request};
use tokio::net::TcpListener;

/// How long anything may take before a test fails.
const PATIENCE: Duration = Duration::from_secs(30);

async fn connect(listener: &TcpListener) -> (Client, Events) {
    let url = format!("http://{}", listener.local_addr().unwrap());
    Client::connect(Options::new(url, TokenSource::fixed("t")))
}

async fn next(events: &mut Events) -> ClientEvent {
    let next = tokio::time::timeout(PATIENCE, events.next()).await;
    next.expect("told in time").expect("the client goes on")
}

#[tokio::test]
async fn the_outbox_can_be_looked_at_while_a_server_lets_the_client_wait() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, _events) = connect(&listener).await;
    // Accepted, and never answered.
    let (_stream, _) = listener.accept().await.unwrap();
    let sender = client.clone();
    let sending = tokio::spawn(async move { sender.send(ChatId(1), "waits").await });
    let waiting = async {
        loop {
            let outbox = client.outbox().await.unwrap();
            if let Some((chat, Request::Send(frame))) = outbox.first() {
                return (*chat, frame.clone());
            }
            tokio::task::yield_now().await;
        }
    };
    let (chat, frame) = tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    assert_eq!((chat, frame.content.as_str()), (ChatId(1), "waits"));
    assert!(frame.client_id.is_some());
    let ana = UserId::new("ana").unwrap();
    let refused = client.watch(vec![ana], Vec::new()).await;
    assert!(matches!(refused, Err(ClientError::NotConnected)));
    client.close().await;
    assert!(matches!(
        sending.await.unwrap(),
        Err(ClientError::Closed(_))
    ));
}

#[tokio::test]
async fn why_there_is_no_connection_is_told_and_the_next_try_can_be_had_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (client, mut events) = connect(&listener).await;
    // Each try ends at once, so that the pauses grow.
    let refuse = async {
        loop {
            drop(listener.accept().await.unwrap());
        }
    };
    let retrying = async {
        for _ in 0..12 {
            let ClientEvent::Retrying { reason, .. } = next(&mut events).await else {
                panic!("only tries are told");
            };
            assert!(!reason.is_empty());
            // By pauses alone twelve tries would take minutes.
            client.retry_now().await;
        }
    };
    tokio::select! {
        () = refuse => unreachable!("it goes on for ever"),
        () = retrying => {}
    }
}
