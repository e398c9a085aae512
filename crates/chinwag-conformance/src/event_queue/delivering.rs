//! What a consumer gets, and when.

use std::collections::BTreeMap;

use chinwag_core::ports::QueueGroup;
use tokio::sync::oneshot;

use super::{hand_over, take, texts};
use crate::{Conversation, EventQueueEngine, chat};

pub async fn a_record_holds_the_event_as_it_was_appended<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    let message = talk.request("ana", "one", "c1");
    hand_over(&engine, vec![message.clone()]).await;
    let mut consumer = engine
        .event_queue()
        .join(QueueGroup::Indexer)
        .await
        .unwrap();
    let records = take(&mut *consumer, 1).await;
    assert_eq!(records[0].chat, chat(1));
    assert_eq!(records[0].row, message.row);
}

pub async fn records_of_a_chat_come_in_order_of_place<E: EventQueueEngine>(engine: E) {
    let mut talks: Vec<_> = (1..=5)
        .map(|id| Conversation::queued(chat(id), &[QueueGroup::Fanout]))
        .collect();
    for number in 0..40 {
        let appends = talks
            .iter_mut()
            .map(|talk| talk.message("ana", &format!("message {number}")))
            .collect();
        hand_over(&engine, appends).await;
    }
    let mut consumer = engine.event_queue().join(QueueGroup::Fanout).await.unwrap();
    let mut last = BTreeMap::new();
    for record in take(&mut *consumer, 200).await {
        let before = last.insert(record.chat, record.row.seq);
        assert_eq!(record.row.seq.0, before.map_or(0, |seq| seq.0) + 1);
    }
}

pub async fn positions_rise<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Push]);
    let appends = (0..30).map(|_| talk.message("ana", "x")).collect();
    hand_over(&engine, appends).await;
    let mut consumer = engine.event_queue().join(QueueGroup::Push).await.unwrap();
    let records = take(&mut *consumer, 30).await;
    assert!(
        records
            .windows(2)
            .all(|two| two[0].position < two[1].position)
    );
}

pub async fn next_waits_until_there_is_something<E: EventQueueEngine>(engine: E) {
    let mut consumer = engine
        .event_queue()
        .join(QueueGroup::Indexer)
        .await
        .unwrap();
    let (asked, asking) = oneshot::channel();
    let waiting = tokio::spawn(async move {
        asked.send(()).unwrap();
        consumer.next(10).await.unwrap()
    });
    asking.await.unwrap();
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    hand_over(&engine, vec![talk.message("ana", "one")]).await;
    assert_eq!(texts(&waiting.await.unwrap()), ["one"]);
}

pub async fn next_gives_at_most_as_many_as_asked_for<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    let appends = (0..10).map(|_| talk.message("ana", "x")).collect();
    hand_over(&engine, appends).await;
    let mut consumer = engine
        .event_queue()
        .join(QueueGroup::Indexer)
        .await
        .unwrap();
    for max in [1, 3, 2] {
        let count = consumer.next(max).await.unwrap().len();
        assert!((1..=max).contains(&count));
    }
}

pub async fn a_repeated_append_loses_nothing<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    let first = talk.message("ana", "one");
    let second = talk.message("ana", "two");
    hand_over(&engine, vec![first.clone()]).await;
    hand_over(&engine, vec![first.clone(), second]).await;
    hand_over(&engine, vec![first]).await;
    let mut consumer = engine
        .event_queue()
        .join(QueueGroup::Indexer)
        .await
        .unwrap();
    let records = take(&mut *consumer, 2).await;
    assert_eq!(texts(&records), ["one", "two"]);
}

pub async fn nothing_is_lost_while_events_are_appended<E: EventQueueEngine>(engine: E) {
    let mut consumer = engine
        .event_queue()
        .join(QueueGroup::Indexer)
        .await
        .unwrap();
    let reading = tokio::spawn(async move {
        let mut places = Vec::new();
        while places.len() < 300 {
            let records = consumer.next(7).await.unwrap();
            let last = records.last().unwrap().position;
            for record in records {
                if !places.contains(&record.row.seq.0) {
                    places.push(record.row.seq.0);
                }
            }
            consumer.ack(last).await.unwrap();
        }
        places
    });
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    for _ in 0..100 {
        let appends = (0..3).map(|_| talk.message("ana", "x")).collect();
        hand_over(&engine, appends).await;
    }
    let places = reading.await.unwrap();
    assert_eq!(places, (1..=300).collect::<Vec<_>>());
}

pub async fn a_consumer_that_stops_waiting_loses_nothing<E: EventQueueEngine>(engine: E) {
    let mut consumer = engine
        .event_queue()
        .join(QueueGroup::Indexer)
        .await
        .unwrap();
    for _ in 0..3 {
        tokio::select! {
            biased;
            records = consumer.next(10) => panic!("{} records of nothing", records.unwrap().len()),
            () = tokio::task::yield_now() => {}
        }
    }
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer]);
    hand_over(&engine, vec![talk.message("ana", "one")]).await;
    assert_eq!(texts(&take(&mut *consumer, 1).await), ["one"]);
}

pub async fn the_end_of_a_purged_chat_still_comes<E: EventQueueEngine>(engine: E) {
    let mut talk = Conversation::queued(chat(1), &[QueueGroup::Indexer, QueueGroup::Purger]);
    let mut appends: Vec<_> = (0..5).map(|_| talk.message("ana", "x")).collect();
    let end = talk.end("ana");
    appends.push(end.clone());
    hand_over(&engine, appends).await;
    engine.message_store().purge(chat(1)).await.unwrap();
    for group in [QueueGroup::Indexer, QueueGroup::Purger] {
        let mut consumer = engine.event_queue().join(group).await.unwrap();
        let mut last = consumer.next(10).await.unwrap().pop();
        while last.as_ref().is_none_or(|record| !record.row.ends_chat()) {
            last = consumer.next(10).await.unwrap().pop();
        }
        let last = last.unwrap();
        assert_eq!((last.chat, last.row), (chat(1), end.row.clone()));
        consumer.ack(last.position).await.unwrap();
    }
}
