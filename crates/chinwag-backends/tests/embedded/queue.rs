//! The queue, as far as only this engine has it so.

use std::time::Duration;

use chinwag_backends::fjall::{Embedded, Options};
use chinwag_core::{
    model::RowBody,
    ports::{EventQueue, GroupSet, MessageStore, QueueGroup},
};
use chinwag_proto::{ChatId, Seq};

use crate::fixture::{ALL, CHAT, append, message, open};

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    append(&store, CHAT, 1..=10).await.unwrap();
    let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
    let records = consumer.next(6).await.unwrap();
    consumer.ack(records[3].position).await.unwrap();
    assert_eq!(store.lag(QueueGroup::Indexer).await.unwrap(), 6);
    drop((consumer, store));

    let store = open(directory.path());
    assert_eq!(store.lag(QueueGroup::Indexer).await.unwrap(), 6);
    let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
    let records = consumer.next(100).await.unwrap();
    let seqs: Vec<_> = records.iter().map(|record| record.row.seq.0).collect();
    assert_eq!(seqs, [5, 6, 7, 8, 9, 10]);
}

#[tokio::test]
async fn positions_rise_across_restarts_also_when_all_was_trimmed() {
    let directory = tempfile::tempdir().unwrap();
    let mut last = 0;
    for seq in 1..=5 {
        let store = open(directory.path());
        append(&store, CHAT, seq..=seq).await.unwrap();
        let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
        let record = consumer.next(10).await.unwrap().remove(0);
        assert_eq!(record.row.seq, Seq(seq));
        assert!(record.position > last);
        last = record.position;
        consumer.ack(last).await.unwrap();
        assert_eq!(store.lag(QueueGroup::Indexer).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn records_of_other_groups_are_skipped_and_hold_up_no_one() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for start in (1..9_000).step_by(1_000) {
        append(&store, CHAT, start..start + 1_000).await.unwrap();
    }
    assert_eq!(store.lag(QueueGroup::Push).await.unwrap(), 0);
    let mut last = message(CHAT, 9_001);
    last.groups = GroupSet::of(&[QueueGroup::Push]);
    store.append(vec![last]).await.unwrap();
    let mut consumer = store.join(QueueGroup::Push).await.unwrap();
    let records = consumer.next(10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].row.seq, Seq(9_001));
    assert_eq!(store.lag(QueueGroup::Push).await.unwrap(), 1);
}

#[tokio::test]
async fn a_waiting_consumer_wakes_when_something_is_appended() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
    let (records, appended) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(30), consumer.next(10)),
        append(&store, CHAT, 1..=1),
    );
    appended.unwrap();
    assert_eq!(records.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn events_of_a_purged_chat_leave_no_lag() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    append(&store, CHAT, 1..=3).await.unwrap();
    append(&store, ChatId(8), 1..=1).await.unwrap();
    store.purge(CHAT).await.unwrap();
    let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
    let records = consumer.next(10).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].chat, ChatId(8));
    consumer.ack(records[0].position).await.unwrap();
    assert_eq!(store.lag(QueueGroup::Indexer).await.unwrap(), 0);
}

#[tokio::test]
async fn a_group_that_does_not_read_holds_up_nothing_and_begins_where_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let without_push = || Options {
        queue_groups: GroupSet::of(&[QueueGroup::Fanout, QueueGroup::Indexer]),
        ..Options::default()
    };
    let for_both = |seq| {
        let mut append = message(CHAT, seq);
        append.groups = GroupSet::of(&[QueueGroup::Indexer, QueueGroup::Push]);
        append
    };
    // What was queued for it before is given up.
    open(directory.path())
        .append(vec![for_both(1)])
        .await
        .unwrap();
    let store = Embedded::open(directory.path(), without_push()).unwrap();
    store.append(vec![for_both(2)]).await.unwrap();
    assert_eq!(store.lag(QueueGroup::Push).await.unwrap(), 0);
    let mut consumer = store.join(QueueGroup::Indexer).await.unwrap();
    let records = consumer.next(10).await.unwrap();
    assert_eq!(records.len(), 2);
    consumer.ack(records[1].position).await.unwrap();
    drop((consumer, store));

    let store = open(directory.path());
    store.append(vec![for_both(3)]).await.unwrap();
    let mut consumer = store.join(QueueGroup::Push).await.unwrap();
    let records = consumer.next(10).await.unwrap();
    let seqs: Vec<_> = records.iter().map(|record| record.row.seq.0).collect();
    assert_eq!(seqs, [3]);
    consumer.ack(records[0].position).await.unwrap();
    assert_eq!(store.lag(QueueGroup::Push).await.unwrap(), 0);
}

#[tokio::test]
async fn a_purge_that_was_cut_short_is_done_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for start in (1..5_000).step_by(1_000) {
        append(&store, CHAT, start..start + 1_000).await.unwrap();
    }
    let mut end = message(CHAT, 5_001);
    end.row.body = RowBody::Chat {
        name: None,
        history_visible: None,
        deleted: true,
    };
    end.groups = GroupSet::of(&[QueueGroup::Purger]);
    store.append(vec![end.clone()]).await.unwrap();
    let rows = async || store.read(CHAT, ALL).await.unwrap().len();
    {
        let purge = store.purge(CHAT);
        tokio::pin!(purge);
        while rows().await == 5_001 {
            tokio::select! {
                biased;
                purged = &mut purge => panic!("all at once: {purged:?}"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    assert!(rows().await > 1);
    drop(store);

    let store = open(directory.path());
    let mut consumer = store.join(QueueGroup::Purger).await.unwrap();
    let record = consumer.next(10).await.unwrap().remove(0);
    assert_eq!(record.row, end.row);
    store.purge(CHAT).await.unwrap();
    consumer.ack(record.position).await.unwrap();
    assert_eq!(store.read(CHAT, ALL).await.unwrap(), [end.row]);
    assert_eq!(store.lag(QueueGroup::Purger).await.unwrap(), 0);
}
