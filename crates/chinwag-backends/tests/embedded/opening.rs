//! Who may open what.

use chinwag_backends::fjall::{Embedded, OpenError, Options};
use chinwag_core::{
    model::{NodeId, Shard, Term, UserRow},
    ports::{Accounts, Directory, MessageStore, Ownership, Renewal},
};
use chinwag_proto::{Epoch, Timestamp};

use crate::fixture::{CHAT, append, count, message, open, user, with_chat};

#[tokio::test]
async fn everything_is_there_after_it_was_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store
        .append(vec![with_chat(message(CHAT, 1))])
        .await
        .unwrap();
    append(&store, CHAT, 2..=50).await.unwrap();
    let ana = UserRow::new(user("ana"), Timestamp::default());
    store.put_user(ana.clone()).await.unwrap();
    let renewal = Renewal {
        ids_up_to_millis: 900,
        clock: Timestamp::default(),
    };
    assert!(store.renew(NodeId(0), 7, renewal).await.unwrap());
    let shard = store.shards().await.unwrap()[5];
    let claimed = store
        .claim(&[(Shard(5), Some(shard), NodeId(0))])
        .await
        .unwrap();
    assert_eq!(claimed, [Some(Term(2))]);
    let events = store.stats().events;
    drop(store);

    let store = open(directory.path());
    assert_eq!(count(&store, CHAT).await, 50);
    assert_eq!(store.users(&[user("ana")]).await.unwrap(), [Some(ana)]);
    assert_eq!(store.ids_up_to(NodeId(0)).await.unwrap(), 900);
    assert_eq!(store.shards().await.unwrap()[5].term, Term(2));
    assert_eq!(store.shards().await.unwrap()[6].term, Term(1));
    assert_eq!(store.stats().events, events);
    assert_eq!(
        store.chats(&[CHAT]).await.unwrap()[0]
            .as_ref()
            .unwrap()
            .epoch,
        Epoch(1)
    );
    assert_eq!(store.loss(), None);
}

#[test]
fn a_second_process_is_refused_and_told_the_first_one() {
    let directory = tempfile::tempdir().unwrap();
    let first = open(directory.path());
    let pid = match Embedded::open(directory.path(), Options::default()) {
        Err(OpenError::Locked { pid, .. }) => pid,
        other => panic!("opened twice: {:?}", other.err()),
    };
    assert_eq!(pid, std::process::id().to_string());
    drop(first);
    open(directory.path());
}

#[test]
fn a_newer_format_is_refused_naming_both() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    std::fs::write(directory.path().join("format"), "chinwag 2\n").unwrap();
    match Embedded::open(directory.path(), Options::default()) {
        Err(OpenError::Newer { found: 2, known: 1 }) => {}
        other => panic!("expected a refusal, got {:?}", other.err()),
    }
}

#[tokio::test]
async fn a_missing_mark_is_refused_unless_the_loss_is_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    store
        .append(vec![with_chat(message(CHAT, 1))])
        .await
        .unwrap();
    drop(store);
    let mark = directory.path().join("high-water");
    for break_mark in [
        (|path| std::fs::remove_file(path)) as fn(&std::path::Path) -> std::io::Result<()>,
        |path| std::fs::write(path, [7; 9_000]),
        |path| std::fs::write(path, []),
    ] {
        break_mark(&mark).unwrap();
        match Embedded::open(directory.path(), Options::default()) {
            Err(OpenError::NoMark { .. }) => {}
            other => panic!("expected a refusal, got {:?}", other.err()),
        }
    }
    let options = Options {
        accept_loss: true,
        ..Options::default()
    };
    let store = Embedded::open(directory.path(), options).unwrap();
    assert_eq!(store.loss().unwrap().events, None);
    assert_eq!(
        store.chats(&[CHAT]).await.unwrap()[0]
            .as_ref()
            .unwrap()
            .epoch,
        Epoch(2)
    );
    drop(store);
    assert_eq!(
        open(directory.path()).loss(),
        None,
        "the mark is whole again"
    );
}

#[tokio::test]
async fn a_lost_database_is_not_taken_for_a_new_one() {
    let directory = tempfile::tempdir().unwrap();
    append(&open(directory.path()), CHAT, 1..=9).await.unwrap();
    std::fs::remove_dir_all(directory.path().join("store")).unwrap();
    match Embedded::open(directory.path(), Options::default()) {
        Err(OpenError::Lost { events: 9, .. }) => {}
        other => panic!("expected a refusal, got {:?}", other.err()),
    }
}
