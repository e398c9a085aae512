//! Many senders share a sync.

use std::sync::Arc;

use chinwag_core::ports::{EngineError, MessageStore};
use chinwag_proto::ChatId;

use crate::fixture::{CHAT, append, count, message, open};

#[tokio::test(flavor = "multi_thread")]
async fn many_appenders_share_few_syncs() {
    const CHATS: u64 = 500;
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let tasks: Vec<_> = (1..=CHATS)
        .map(|chat| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for seq in 1..=4 {
                    store
                        .append(vec![message(ChatId(chat), seq)])
                        .await
                        .unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let stats = store.stats();
    assert_eq!((stats.requests, stats.events), (CHATS * 4, CHATS * 4));
    assert!(
        stats.groups * 4 <= stats.requests,
        "{} groups",
        stats.groups
    );
    for chat in 1..=CHATS {
        assert_eq!(count(&store, ChatId(chat)).await, 4);
    }
}

#[tokio::test]
async fn an_append_whose_caller_gave_up_holds_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut given_up = Box::pin(append(&store, CHAT, 1..=1));
    // Handed in by the first poll; the answer is never waited for.
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(given_up.as_mut().poll(context).is_ready())
    });
    polled.await;
    drop(given_up);
    append(&store, CHAT, 2..=2).await.unwrap();
    assert_eq!(count(&store, CHAT).await, 2);
}

#[tokio::test]
async fn what_waits_when_the_store_is_closed_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for seq in 1..=20 {
        let mut pending = Box::pin(append(&store, CHAT, seq..=seq));
        let polled = std::future::poll_fn(|context| {
            std::task::Poll::Ready(pending.as_mut().poll(context).is_ready())
        });
        polled.await;
    }
    drop(store);
    assert_eq!(count(&open(directory.path()), CHAT).await, 20);
}

#[tokio::test]
async fn a_store_open_for_reading_only_refuses_writes() {
    let directory = tempfile::tempdir().unwrap();
    append(&open(directory.path()), CHAT, 1..=3).await.unwrap();
    let options = chinwag_backends::fjall::Options {
        read_only: true,
        ..Default::default()
    };
    let store = chinwag_backends::fjall::Embedded::open(directory.path(), options).unwrap();
    assert_eq!(
        append(&store, CHAT, 4..=4).await,
        Err(EngineError::ReadOnly)
    );
    assert_eq!(count(&store, CHAT).await, 3);
}
