//! Views of one moment, and copies made of them.

use chinwag_core::ports::{Directory, MessageStore};
use chinwag_proto::Epoch;

use crate::fixture::{ALL, CHAT, append, count, message, open, with_chat};

#[tokio::test]
async fn a_snapshot_stands_still_while_the_store_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    append(&store, CHAT, 1..=5).await.unwrap();
    let snapshot = store.snapshot();
    append(&store, CHAT, 6..=9).await.unwrap();
    assert_eq!(snapshot.read(CHAT, ALL).unwrap().len(), 5);
    assert_eq!(snapshot.head(CHAT).unwrap().unwrap().seq.0, 5);
    assert_eq!(count(&store, CHAT).await, 9);
}

#[tokio::test]
async fn a_copy_of_all_entries_is_the_same_and_has_higher_epochs() {
    let (from, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(from.path());
    store
        .append(vec![with_chat(message(CHAT, 1))])
        .await
        .unwrap();
    append(&store, CHAT, 2..=40).await.unwrap();
    let snapshot = store.snapshot();

    let copy = open(to.path());
    let mut after: Option<Vec<u8>> = None;
    loop {
        let entries = snapshot.entries(after.as_deref(), 7).unwrap();
        let Some((last, _)) = entries.last() else {
            break;
        };
        after = Some(last.clone());
        copy.load(entries).await.unwrap();
    }
    copy.raise_epochs().await.unwrap();
    assert_eq!(count(&copy, CHAT).await, 40);
    let chat = copy.chats(&[CHAT]).await.unwrap().remove(0).unwrap();
    assert_eq!(chat.epoch, Epoch(2));
    append(&copy, CHAT, 41..=41).await.unwrap();
    assert_eq!(count(&copy, CHAT).await, 41);
}
